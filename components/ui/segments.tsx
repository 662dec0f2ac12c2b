'use client'

import { Toggle } from '@base-ui/react/toggle'
import { ToggleGroup } from '@base-ui/react/toggle-group'
import type { ReactNode } from 'react'

export interface SegmentsProps<T extends string> {
  /** Accessible name of the group. */
  label: string
  value: T
  onChange: (value: T) => void
  items: readonly { readonly value: T; readonly label: ReactNode }[]
}

/** One choice of a few, all in sight. */
export function Segments<T extends string>({ label, value, onChange, items }: SegmentsProps<T>) {
  return (
    <ToggleGroup
      aria-label={label}
      value={[value]}
      onValueChange={(next: readonly string[]) => {
        const chosen = items.find((item) => item.value === next[0])
        if (chosen) onChange(chosen.value)
      }}
      className="inline-flex w-fit max-w-full overflow-x-auto rounded-md border border-line-strong bg-sunken p-0.5"
    >
      {items.map((item) => (
        <Toggle
          key={item.value}
          value={item.value}
          className="flex h-6.5 items-center gap-1.5 whitespace-nowrap rounded px-2.5 text-ink-soft text-sm hover:text-ink data-pressed:bg-surface data-pressed:font-medium data-pressed:text-ink data-pressed:shadow-card max-md:h-8"
        >
          {item.label}
        </Toggle>
      ))}
    </ToggleGroup>
  )
}
