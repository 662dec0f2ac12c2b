import { CircleAlert, CircleCheck, CircleHelp, Info, type LucideIcon, TriangleAlert } from 'lucide-react'
import type { BadgeTone } from '@/components/ui/badge'
import type { HealthLevel } from '@/lib/monitoring/health-report'

export interface LevelLook {
  readonly Icon: LucideIcon
  readonly ink: string
  readonly tone: BadgeTone
}

/** How each level looks; the words beside it say the same. */
export const levelLooks: Readonly<Record<HealthLevel, LevelLook>> = {
  critical: { Icon: CircleAlert, ink: 'text-danger-ink', tone: 'danger' },
  warning: { Icon: TriangleAlert, ink: 'text-warning-ink', tone: 'warning' },
  unknown: { Icon: CircleHelp, ink: 'text-ink-soft', tone: 'neutral' },
  info: { Icon: Info, ink: 'text-info-ink', tone: 'info' },
  ok: { Icon: CircleCheck, ink: 'text-success-ink', tone: 'success' },
}
