import type { ReactNode } from 'react'
import { classNames } from './class-names'

export interface EmptyStateProps {
  /** A lucide icon; decorative. */
  icon: ReactNode
  title: ReactNode
  /** Why there is nothing, and how to get something. */
  children?: ReactNode
  action?: ReactNode
  className?: string
}

/** Where a list would be and is not. */
export function EmptyState({ icon, title, children, action, className }: EmptyStateProps) {
  return (
    <div className={classNames('flex flex-col items-center gap-1 px-6 py-12 text-center', className)}>
      <span aria-hidden className="mb-2 grid size-10 place-items-center rounded-full bg-sunken text-ink-faint [&_svg]:size-5">
        {icon}
      </span>
      <p className="font-medium text-base">{title}</p>
      {children === undefined ? null : <div className="max-w-md text-ink-faint text-sm">{children}</div>}
      {action === undefined ? null : <div className="mt-3">{action}</div>}
    </div>
  )
}
