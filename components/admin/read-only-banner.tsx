'use client'

import { useQuery } from '@tanstack/react-query'
import { Lock } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { useNow } from '@/components/format/use-now'
import { adminStateQuery } from './state-queries'

/** Says on every page that the app is read-only, why and for how long. */
export function ReadOnlyBanner() {
  const t = useTranslations('admin.banner')
  const { data } = useQuery(adminStateQuery())
  const readOnly = data !== undefined && !data.writable
  const path = usePathname()
  return (
    // The region is always there, so that a screen reader hears when it fills; the clock in it is hidden from it.
    <div role="status">
      {readOnly ? (
        <div className="flex flex-wrap items-center justify-center gap-x-3 gap-y-0.5 border-warning/40 border-b bg-warning-soft px-4 py-2 text-sm text-warning-ink">
          <span className="flex items-center gap-2">
            <Lock aria-hidden className="size-4 shrink-0" />
            {t(data.state.status === 'ready-to-switch' ? 'ready' : 'migrating')}
          </span>
          {data.state.since == null ? null : <ReadOnlyClock since={data.state.since} />}
          {path === '/admin/migration' ? null : (
            <Link href="/admin/migration" className="rounded font-medium underline underline-offset-4">
              {t('open')}
            </Link>
          )}
        </div>
      ) : null}
    </div>
  )
}

function ReadOnlyClock({ since }: { since: string }) {
  const t = useTranslations('admin.banner')
  const format = useFormatters()
  const now = useNow(1_000)
  return (
    <span aria-hidden className="tabular">
      {t('since', { duration: format.duration(Math.max(0, Math.floor((now - Date.parse(since)) / 1000) * 1000)) })}
    </span>
  )
}
