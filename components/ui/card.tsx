import type { ComponentProps, ReactNode } from 'react'
import { classNames } from './class-names'

/** A surface that holds one subject. */
export function Card({ className, ...rest }: ComponentProps<'section'>) {
  return <section className={classNames('rounded-lg border border-line bg-surface shadow-card', className)} {...rest} />
}

export interface CardHeaderProps {
  title: ReactNode
  description?: ReactNode
  /** Buttons or a badge at the end of the line. */
  actions?: ReactNode
  /** Id of the title, for `aria-labelledby` of the card. */
  titleId?: string
  /** Level of the heading. Default: 2. */
  level?: 2 | 3
  className?: string
}

/** Title line of a card. */
export function CardHeader({ title, description, actions, titleId, level = 2, className }: CardHeaderProps) {
  const Heading = level === 2 ? 'h2' : 'h3'
  return (
    <div className={classNames('flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-4 pt-3.5 pb-3 sm:px-5', className)}>
      {/* A long description makes room for what stands beside it. */}
      <div className={classNames('min-w-0', description !== undefined && 'sm:flex-1 sm:basis-64')}>
        <Heading id={titleId} className="font-semibold text-base text-ink">
          {title}
        </Heading>
        {description === undefined ? null : <p className="mt-0.5 text-ink-faint text-sm">{description}</p>}
      </div>
      {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
  )
}

/** Body of a card. */
export function CardBody({ className, ...rest }: ComponentProps<'div'>) {
  return <div className={classNames('px-4 pb-4 sm:px-5 sm:pb-5', className)} {...rest} />
}

/** Last line of a card: actions, apart from the rest. */
export function CardFooter({ className, ...rest }: ComponentProps<'div'>) {
  return (
    <div
      className={classNames(
        'flex flex-wrap items-center gap-2 rounded-b-lg border-line border-t bg-sunken/60 px-4 py-3 sm:px-5',
        className,
      )}
      {...rest}
    />
  )
}
