'use client'

import { Search } from 'lucide-react'
import { classNames } from './class-names'
import { Input } from './input'

export interface SearchInputProps {
  /** Accessible name and placeholder. */
  label: string
  value: string
  onChange: (value: string) => void
  className?: string
}

/** A search field; `/` brings the focus to the first one of a page. */
export function SearchInput({ label, value, onChange, className }: SearchInputProps) {
  return (
    <div className={classNames('relative w-full min-w-0 sm:w-64', className)}>
      <Search aria-hidden className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-ink-faint" />
      <Input
        type="search"
        data-page-search=""
        aria-label={label}
        placeholder={label}
        value={value}
        onValueChange={(next: string) => onChange(next)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          if (value === '') event.currentTarget.blur()
          onChange('')
        }}
        className="pl-8 [&::-webkit-search-cancel-button]:hidden"
      />
    </div>
  )
}
