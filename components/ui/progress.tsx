'use client'

import { Progress as BaseProgress } from '@base-ui/react/progress'
import { classNames } from './class-names'

export interface ProgressProps {
  /** 0 to 1; null while nobody can know. */
  value: number | null
  /** Accessible name. */
  label: string
  /** What a screen reader hears instead of a bare percentage. */
  valueText?: string
  tone?: 'primary' | 'success' | 'warning' | 'danger' | 'sqlite' | 'postgres'
  size?: 'thin' | 'thick'
  className?: string
}

const tones = {
  primary: 'bg-primary',
  success: 'bg-success',
  warning: 'bg-warning',
  danger: 'bg-danger',
  sqlite: 'bg-sqlite',
  postgres: 'bg-postgres',
} as const

/** A bar that shows how far something is. */
export function Progress({ value, label, valueText, tone = 'postgres', size = 'thin', className }: ProgressProps) {
  return (
    <BaseProgress.Root
      value={value === null ? null : Math.round(Math.min(1, Math.max(0, value)) * 1000) / 10}
      aria-label={label}
      {...(valueText === undefined ? {} : { getAriaValueText: () => valueText })}
      className={classNames('min-w-0', className)}
    >
      <BaseProgress.Track
        className={classNames('relative block overflow-hidden rounded-full bg-line', size === 'thin' ? 'h-1.5' : 'h-2.5')}
      >
        <BaseProgress.Indicator
          className={classNames(
            'block h-full rounded-full transition-[width] duration-200 ease-linear data-indeterminate:w-2/5 data-indeterminate:animate-stripe',
            tones[tone],
          )}
        />
      </BaseProgress.Track>
    </BaseProgress.Root>
  )
}
