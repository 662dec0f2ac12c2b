import { CircleAlert, CircleCheck, CircleHelp, type LucideIcon, TriangleAlert } from 'lucide-react'
import type { BadgeTone } from '@/components/ui/badge'
import type { CheckStatus } from '@/lib/preflight/check-catalogue'
import type { Verdict } from '@/lib/preflight/preflight-result'

export interface StatusLook {
  readonly Icon: LucideIcon
  readonly ink: string
  readonly tone: BadgeTone
}

/** How each status looks wherever it is shown; the words beside it say the same. */
export const statusLooks: Readonly<Record<CheckStatus, StatusLook>> = {
  passed: { Icon: CircleCheck, ink: 'text-success-ink', tone: 'success' },
  failed: { Icon: CircleAlert, ink: 'text-danger-ink', tone: 'danger' },
  warning: { Icon: TriangleAlert, ink: 'text-warning-ink', tone: 'warning' },
  unknown: { Icon: CircleHelp, ink: 'text-ink-soft', tone: 'neutral' },
}

export const verdictLooks: Readonly<Record<Verdict, StatusLook & { readonly box: string }>> = {
  ready: { ...statusLooks.passed, box: 'border-success/40 bg-success-soft' },
  'ready-with-warnings': { ...statusLooks.warning, box: 'border-warning/50 bg-warning-soft' },
  'not-ready': { ...statusLooks.failed, box: 'border-danger/40 bg-danger-soft' },
  unknown: { ...statusLooks.unknown, box: 'border-line-strong bg-surface' },
}
