import type { ComponentProps } from 'react'
import { classNames } from './class-names'

export interface TableProps extends ComponentProps<'table'> {
  /** Accessible name of the scrolling region around it. */
  label: string
}

/** A table that scrolls inside its own box where it is wider than the page; the box can be reached by keyboard. */
export function Table({ label, className, ...rest }: TableProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form controls; this only names the box that scrolls
    <div
      role="group"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard (axe scrollable-region-focusable)
      tabIndex={0}
      className="overflow-x-auto -outline-offset-2"
    >
      <table aria-label={label} className={classNames('w-full border-collapse text-left text-sm', className)} {...rest} />
    </div>
  )
}

export function TableHead({ className, ...rest }: ComponentProps<'thead'>) {
  return <thead className={classNames('border-line border-y bg-sunken/60', className)} {...rest} />
}

export function TableBody({ className, ...rest }: ComponentProps<'tbody'>) {
  return <tbody className={classNames('[&>tr:last-child]:border-b-0', className)} {...rest} />
}

export function TableRow({ className, ...rest }: ComponentProps<'tr'>) {
  return <tr className={classNames('border-line border-b', className)} {...rest} />
}

export function TableHeader({ className, scope = 'col', ...rest }: ComponentProps<'th'>) {
  return (
    <th
      scope={scope}
      className={classNames(
        'h-8 whitespace-nowrap px-3 max-sm:whitespace-normal max-sm:px-2 font-medium text-ink-faint text-xs first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5',
        className,
      )}
      {...rest}
    />
  )
}

export function TableCell({ className, ...rest }: ComponentProps<'td'>) {
  return (
    <td
      className={classNames('h-9 px-3 py-1.5 max-sm:px-2 align-middle first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5', className)}
      {...rest}
    />
  )
}
