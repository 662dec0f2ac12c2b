import { ArrowLeft } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'

export interface PageHeaderProps {
  title: ReactNode
  description?: ReactNode
  actions?: ReactNode
  /** The way back, above the title. */
  back?: { href: string; label: string }
}

/** Title line of an admin page. */
export function PageHeader({ title, description, actions, back }: PageHeaderProps) {
  return (
    <div className="mb-5 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        {back === undefined ? null : (
          <div className="mb-1 text-sm">
            <Link href={back.href} className="inline-flex items-center gap-1 rounded text-ink-faint hover:text-ink">
              <ArrowLeft aria-hidden className="size-3.5" />
              {back.label}
            </Link>
          </div>
        )}
        <h1 className="font-semibold text-xl">{title}</h1>
        {description === undefined ? null : <p className="mt-0.5 max-w-prose text-ink-faint">{description}</p>}
      </div>
      {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
  )
}
