import type { ReactNode } from 'react'

export interface PageHeadingProps {
  title: ReactNode
  lead?: ReactNode
  actions?: ReactNode
}

/** First lines of a page: what it is, and its main action. */
export function PageHeading({ title, lead, actions }: PageHeadingProps) {
  return (
    <div className="mb-5 flex flex-wrap items-end justify-between gap-x-4 gap-y-3">
      <div className="min-w-0">
        <h1 className="break-words font-semibold text-2xl">{title}</h1>
        {lead === undefined ? null : <p className="mt-1 text-ink-soft">{lead}</p>}
      </div>
      {actions === undefined ? null : <div className="flex flex-wrap gap-2">{actions}</div>}
    </div>
  )
}
