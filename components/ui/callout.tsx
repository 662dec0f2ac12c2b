import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from './class-names'

export type CalloutTone = 'info' | 'success' | 'warning' | 'danger'

export interface CalloutProps {
  tone: CalloutTone
  title: ReactNode
  children?: ReactNode
  /** Buttons below the words. */
  actions?: ReactNode
  /** alert: read out at once; status: read out when the reader is free. Default: neither. */
  live?: 'alert' | 'status'
  className?: string
}

const looks = {
  info: { box: 'border-info/30 bg-info-soft', icon: 'text-info-ink', Icon: Info },
  success: { box: 'border-success/30 bg-success-soft', icon: 'text-success-ink', Icon: CircleCheck },
  warning: { box: 'border-warning/40 bg-warning-soft', icon: 'text-warning-ink', Icon: TriangleAlert },
  danger: { box: 'border-danger/35 bg-danger-soft', icon: 'text-danger-ink', Icon: CircleAlert },
} as const

/** Something to know before going on: what, why, and what to do. */
export function Callout({ tone, title, children, actions, live, className }: CalloutProps) {
  const look = looks[tone]
  return (
    <div
      {...(live === undefined ? {} : { role: live })}
      className={classNames('flex gap-3 rounded-lg border px-4 py-3', look.box, className)}
    >
      <look.Icon aria-hidden className={classNames('mt-0.5 size-4.5 shrink-0', look.icon)} />
      <div className="min-w-0 flex-1">
        <p className="font-medium text-base text-ink">{title}</p>
        {children === undefined ? null : <div className="mt-0.5 break-words text-ink-soft text-sm">{children}</div>}
        {actions === undefined ? null : <div className="mt-3 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  )
}
