'use client'

import { useQuery } from '@tanstack/react-query'
import { ShieldCheck, TableProperties } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { PageHeader } from '@/components/admin/page-header'
import { adminStateQuery } from '@/components/admin/state-queries'
import { ErrorPanel } from '@/components/api/error-panel'
import { Card } from '@/components/ui/card'
import { classNames } from '@/components/ui/class-names'
import { EmptyState } from '@/components/ui/empty-state'
import { LoadingCard } from '@/components/ui/loading-card'
import { SearchInput } from '@/components/ui/search-input'
import { BrowsedTable } from './browsed-table'
import { whyNotComparable } from './comparable'
import { tablesQuery } from './verification-queries'

/** Both databases, table by table and row by row, side by side; read-only down to the sessions. */
export function LookInsidePage() {
  const t = useTranslations('verification.lookInside')
  const common = useTranslations('verification')
  const { data: state } = useQuery(adminStateQuery())
  const obstacle = state && whyNotComparable(state.state)
  const hasPair = obstacle === null
  const { data, error, refetch } = useQuery({ ...tablesQuery(), enabled: hasPair })
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState<string | null>(null)
  const shown = data?.tables.filter(({ table }) => table.toLowerCase().includes(search.trim().toLowerCase())) ?? []
  return (
    <>
      <PageHeader back={{ href: '/admin/verification', label: common('title') }} title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        {error ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
        {obstacle ? (
          <Card>
            <EmptyState icon={<TableProperties />} title={common(`notComparable.${obstacle}.title`)}>
              {common(`notComparable.${obstacle}.body`)}
            </EmptyState>
          </Card>
        ) : null}
        {obstacle === undefined || (hasPair && !data && !error) ? <LoadingCard label={t('loading')} rows={6} /> : null}
        {data ? (
          <>
            <p className="flex items-start gap-2 text-ink-soft text-sm">
              <ShieldCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-success-ink" />
              <span>{t(data.session.isSuperuser ? 'readOnlySuper' : 'readOnly', { role: data.session.role })}</span>
            </p>
            <div className="grid items-start gap-4 lg:grid-cols-[15rem_minmax(0,1fr)]">
              <Card className="min-w-0">
                <div className="p-3">
                  <SearchInput label={common('search')} value={search} onChange={setSearch} className="sm:w-full" />
                </div>
                <ul aria-label={t('tables')} className="max-h-[60vh] overflow-y-auto border-line border-t max-lg:max-h-52">
                  {shown.map(({ table, sourceColumns, targetColumns }) => (
                    <li key={table}>
                      <button
                        type="button"
                        aria-current={chosen === table}
                        disabled={sourceColumns === null || targetColumns === null}
                        onClick={() => setChosen(table)}
                        className={classNames(
                          'flex w-full items-center justify-between gap-2 px-3 py-1.5 text-left text-sm -outline-offset-2 hover:bg-hover disabled:text-ink-faint',
                          chosen === table && 'bg-hover font-medium',
                        )}
                      >
                        <span className="truncate" title={table}>
                          {table}
                        </span>
                        {sourceColumns === null || targetColumns === null ? (
                          <span className="shrink-0 text-danger-ink text-xs">
                            {t(sourceColumns === null ? 'targetOnly' : 'sourceOnly')}
                          </span>
                        ) : null}
                      </button>
                    </li>
                  ))}
                </ul>
              </Card>
              {chosen === null ? (
                <Card>
                  <EmptyState icon={<TableProperties />} title={t('choose')}>
                    {t('chooseBody')}
                  </EmptyState>
                </Card>
              ) : (
                <BrowsedTable key={chosen} table={chosen} />
              )}
            </div>
          </>
        ) : null}
      </div>
    </>
  )
}
