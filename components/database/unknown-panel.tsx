'use client'

import { CircleHelp } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { EmptyState } from '@/components/ui/empty-state'
import type { Panel } from '@/lib/monitoring/health-report'

/** A panel's content when it is known; otherwise why it is not, which is not the same as empty. */
export function KnownPanel<T>({ panel, children }: { panel: Panel<T>; children: (data: T) => ReactNode }) {
  const t = useTranslations('database')
  const common = useTranslations('common')
  if (panel.status === 'known') return <>{children(panel.data)}</>
  return (
    <EmptyState icon={<CircleHelp aria-hidden />} title={t('panelUnknown')}>
      <p>{t(`unknown.${panel.reason}`)}</p>
      <details className="mt-2 text-xs">
        <summary className="mx-auto w-fit cursor-pointer rounded">{common('details')}</summary>
        <p lang="en" className="mt-1 break-words font-mono">
          {panel.message}
        </p>
      </details>
    </EmptyState>
  )
}
