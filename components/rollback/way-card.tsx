import type { ReactNode } from 'react'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'

export interface WayCardProps {
  id: string
  title: ReactNode
  description: ReactNode
  badge?: ReactNode
  /** What it loses, how long it takes and the like: name and words. */
  facts: readonly (readonly [string, ReactNode])[]
  /** More about it, below the facts. */
  children?: ReactNode
  actions: ReactNode
}

/** One way back: what it does, what it loses, how long it takes, and its button. */
export function WayCard({ id, title, description, badge, facts, children, actions }: WayCardProps) {
  return (
    <Card aria-labelledby={id}>
      <CardHeader
        title={
          <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
            {title}
            {badge}
          </span>
        }
        titleId={id}
        description={description}
      />
      <CardBody>
        <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-3">
          {facts.map(([name, words]) => (
            <div key={name} className="min-w-0">
              <dt className="text-ink-faint text-xs">{name}</dt>
              <dd className="text-sm">{words}</dd>
            </div>
          ))}
        </dl>
      </CardBody>
      {children}
      <CardFooter className="max-sm:flex-col max-sm:items-stretch">{actions}</CardFooter>
    </Card>
  )
}
