'use client'

import { useTranslations } from 'next-intl'
import { StatusDot } from '@/components/ui/status-dot'
import type { StreamState } from './job-stream'

const tones = { connecting: 'neutral', open: 'success', reconnecting: 'warning', ended: 'neutral' } as const

/** Whether what is shown is live. A lost connection is said to a screen reader too. */
export function StreamBadge({ state }: { state: StreamState }) {
  const t = useTranslations('jobs.stream')
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap text-ink-faint text-xs">
      <StatusDot tone={tones[state]} pulse={state === 'open' || state === 'reconnecting'} />
      <span role="status">{t(state)}</span>
    </span>
  )
}
