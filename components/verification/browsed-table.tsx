'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight, SearchX } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { SearchInput } from '@/components/ui/search-input'
import { Segments } from '@/components/ui/segments'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { Table, TableBody, TableHead, TableHeader } from '@/components/ui/table'
import { BrowsedRow } from './browsed-row'
import { useSettled } from './use-settled'
import { rowsQuery } from './verification-queries'

/** The rows of one table, each with its twin of the other side below it. */
export function BrowsedTable({ table }: { table: string }) {
  const t = useTranslations('verification.lookInside')
  const common = useTranslations('verification')
  const [side, setSide] = useState<'source' | 'target'>('source')
  const [key, setKey] = useState('')
  /** Where each page so far began; the last is the one in sight. */
  const [starts, setStarts] = useState<readonly (string | null)[]>([null])
  /** Rows that were opened stay open, also when their page comes again. */
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const searched = useSettled(key.trim(), 250)
  const { data, error, isFetching, refetch } = useQuery({
    ...rowsQuery({ table, side, after: starts.at(-1) ?? null, key: searched }),
    placeholderData: keepPreviousData,
  })
  const restart = () => setStarts([null])
  const toggle = (name: string) => setOpened((now) => new Set(now.has(name) ? [...now].filter((other) => other !== name) : [...now, name]))
  return (
    <Card aria-labelledby="browsed" className="min-w-0">
      <CardHeader title={table} titleId="browsed" />
      <div className="flex flex-wrap items-center gap-2 px-4 pb-3 sm:px-5">
        <SearchInput
          label={t('searchKey')}
          value={key}
          onChange={(next) => {
            setKey(next)
            restart()
          }}
        />
        <Segments
          label={t('order')}
          value={side}
          onChange={(next) => {
            setSide(next)
            restart()
          }}
          items={[
            { value: 'source', label: t('bySource') },
            { value: 'target', label: t('byTarget') },
          ]}
        />
      </div>
      {error ? (
        <CardBody>
          <ErrorPanel error={error} onRetry={() => void refetch()} />
        </CardBody>
      ) : null}
      {!data && !error ? (
        <CardBody>
          <SkeletonBlock label={t('loading')} rows={6} />
        </CardBody>
      ) : null}
      {data && data.rows.length === 0 ? (
        <EmptyState icon={<SearchX />} title={t(key === '' ? 'empty' : 'noRow')} className="border-line border-t">
          {t(key === '' ? 'emptyBody' : 'noRowBody')}
        </EmptyState>
      ) : null}
      {data && data.rows.length > 0 ? (
        <Table label={t('rowsOf', { table })}>
          <TableHead>
            <tr>
              <TableHeader>{t('side')}</TableHeader>
              {data.columns.map((column) => (
                <TableHeader key={column.name} title={`${column.sourceType || '–'} → ${column.targetType}`}>
                  {column.name}
                  {column.isKey ? <span className="text-ink-faint"> ({common('key').toLowerCase()})</span> : null}
                </TableHeader>
              ))}
            </tr>
          </TableHead>
          <TableBody>
            {data.rows.map((row) => {
              const name = JSON.stringify(row.key)
              return (
                <BrowsedRow
                  key={name}
                  table={table}
                  row={row}
                  columns={data.columns}
                  isOpen={opened.has(name)}
                  onToggle={() => toggle(name)}
                />
              )
            })}
          </TableBody>
        </Table>
      ) : null}
      <nav aria-label={t('pages')} className="flex items-center justify-end gap-2 border-line border-t px-4 py-2 sm:px-5">
        <Button
          size="icon"
          aria-label={common('previous')}
          disabled={starts.length === 1}
          onClick={() => setStarts(starts.slice(0, -1))}
          icon={<ChevronLeft aria-hidden />}
        />
        <Button
          size="icon"
          aria-label={common('next')}
          disabled={!data?.next}
          pending={isFetching && data !== undefined}
          onClick={() => data?.next && setStarts([...starts, data.next])}
          icon={<ChevronRight aria-hidden />}
        />
      </nav>
    </Card>
  )
}
