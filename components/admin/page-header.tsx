import type { ReactNode } from 'react'

export interface PageHeaderProps {
  title: ReactNode
  description?: ReactNode
  actions?: ReactNode
  /** What stands above the title: the way back. */
  back?: ReactNode
}

/** Title line of an admin page. */
export function PageHeader({ title, description, actions, back }: PageHeaderProps) {
  return (
    <div className="mb-5 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        {back === undefined ? null : <div className="mb-1 text-sm">{back}</div>}
        <h1 className="font-semibold text-xl">{title}</h1>
        {description === undefined ? null : <p className="mt-0.5 max-w-prose text-ink-faint">{description}</p>}
      </div>
      {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
  )
}
