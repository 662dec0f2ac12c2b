import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps, ReactNode } from 'react'
import { classNames } from './class-names'

const badgeClasses = cva(
  'inline-flex h-5.5 shrink-0 items-center gap-1 whitespace-nowrap rounded-full px-2 font-medium text-xs [&_svg]:size-3 [&_svg]:shrink-0',
  {
    variants: {
      tone: {
        neutral: 'bg-sunken text-ink-soft',
        success: 'bg-success-soft text-success-ink',
        warning: 'bg-warning-soft text-warning-ink',
        danger: 'bg-danger-soft text-danger-ink',
        info: 'bg-info-soft text-info-ink',
        sqlite: 'bg-sqlite-soft text-sqlite-ink',
        postgres: 'bg-postgres-soft text-postgres-ink',
      },
    },
    defaultVariants: { tone: 'neutral' },
  },
)

export type BadgeTone = NonNullable<VariantProps<typeof badgeClasses>['tone']>

export interface BadgeProps extends ComponentProps<'span'> {
  tone?: BadgeTone
  /** Decorative: the words must say the same as the colour. */
  icon?: ReactNode
}

/** A short state in words; the colour only repeats what the words say. */
export function Badge({ tone, icon, className, children, ...rest }: BadgeProps) {
  return (
    <span className={classNames(badgeClasses({ tone }), className)} {...rest}>
      {icon}
      {children}
    </span>
  )
}
