'use client'

import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import { type ReactNode, useId } from 'react'

export interface RadioCardsProps<T extends string> {
  /** Accessible name of the group. */
  label: string
  value: T
  onChange: (value: T) => void
  items: readonly { readonly value: T; readonly label: string; readonly description?: ReactNode }[]
}

/** One choice of a few, each with a line of explanation. */
export function RadioCards<T extends string>({ label, value, onChange, items }: RadioCardsProps<T>) {
  const id = useId()
  return (
    <RadioGroup
      aria-label={label}
      value={value}
      onValueChange={(next) => {
        const chosen = items.find((item) => item.value === next)
        if (chosen) onChange(chosen.value)
      }}
      className="grid gap-2 sm:grid-cols-2"
    >
      {items.map((item) => (
        <Radio.Root
          key={item.value}
          value={item.value}
          aria-labelledby={`${id}-${item.value}`}
          aria-describedby={`${id}-${item.value}-description`}
          className="flex cursor-pointer items-start gap-3 rounded-lg border border-line-strong bg-surface px-3 py-2.5 text-left hover:bg-hover data-checked:border-primary data-checked:shadow-[inset_0_0_0_1px_var(--primary)]"
        >
          <span aria-hidden className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-full border border-control">
            <Radio.Indicator className="size-2 rounded-full bg-primary data-unchecked:hidden" />
          </span>
          <span className="min-w-0">
            <span id={`${id}-${item.value}`} className="block font-medium text-sm">
              {item.label}
            </span>
            <span id={`${id}-${item.value}-description`} className="block text-ink-faint text-xs">
              {item.description}
            </span>
          </span>
        </Radio.Root>
      ))}
    </RadioGroup>
  )
}
