import type { ReactNode } from 'react'

/** A key of the keyboard. */
export function KeyboardKey({ children }: { children: ReactNode }) {
  return (
    <kbd className="inline-grid h-5 min-w-5 place-items-center rounded border border-line-strong bg-surface px-1 font-mono text-[11px] text-ink-faint">
      {children}
    </kbd>
  )
}
