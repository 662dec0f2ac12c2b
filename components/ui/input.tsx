'use client'

import { Input as BaseInput } from '@base-ui/react/input'
import type { ComponentProps } from 'react'
import { classNames } from './class-names'

export const controlClasses =
  'w-full rounded-md border border-control/70 bg-surface text-ink shadow-card transition-colors placeholder:text-ink-faint hover:border-control focus-visible:border-focus focus-visible:outline-1 focus-visible:outline-offset-0 disabled:cursor-not-allowed disabled:bg-sunken disabled:text-ink-faint data-invalid:border-danger aria-invalid:border-danger max-md:text-[16px]'

export interface InputProps extends Omit<ComponentProps<typeof BaseInput>, 'className'> {
  className?: string
  /** Shown at the end of the field, for a number: ms, min, %. */
  unit?: string
}

/** One line of text. Inside a Field it takes its label, description and error from there. */
export function Input({ className, unit, ...rest }: InputProps) {
  const input = <BaseInput className={classNames(controlClasses, 'h-8 px-2.5 text-sm max-md:h-10', unit && 'pr-10', className)} {...rest} />
  if (unit === undefined) return input
  return (
    <span className="relative block">
      {input}
      {/* The description says it in words. */}
      <span aria-hidden className="pointer-events-none absolute inset-y-0 right-3 flex items-center text-ink-faint text-sm">
        {unit}
      </span>
    </span>
  )
}
