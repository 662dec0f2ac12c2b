'use client'

import { Tabs as BaseTabs } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'
import { classNames } from './class-names'

export interface TabItem {
  readonly value: string
  readonly label: ReactNode
  readonly content: ReactNode
}

export interface TabsProps {
  /** Accessible name of the list. */
  label: string
  items: readonly TabItem[]
  defaultValue?: string
  className?: string
}

/** Views of one subject, one at a time, with arrow keys. */
export function Tabs({ label, items, defaultValue, className }: TabsProps) {
  return (
    <BaseTabs.Root defaultValue={defaultValue ?? items[0]?.value ?? ''} className={classNames('min-w-0', className)}>
      <BaseTabs.List aria-label={label} className="relative flex gap-4 overflow-x-auto border-line border-b px-4 sm:px-5">
        {items.map((item) => (
          <BaseTabs.Tab
            key={item.value}
            value={item.value}
            className="flex h-10 shrink-0 items-center gap-1.5 text-ink-faint text-sm -outline-offset-2 hover:text-ink data-active:font-medium data-active:text-ink"
          >
            {item.label}
          </BaseTabs.Tab>
        ))}
        <BaseTabs.Indicator className="absolute bottom-0 left-0 h-0.5 w-[var(--active-tab-width)] translate-x-[var(--active-tab-left)] bg-primary transition-[translate,width] duration-150" />
      </BaseTabs.List>
      {items.map((item) => (
        <BaseTabs.Panel key={item.value} value={item.value} className="-outline-offset-2">
          {item.content}
        </BaseTabs.Panel>
      ))}
    </BaseTabs.Root>
  )
}
