'use client'

import type { ReactNode } from 'react'

/** An answer that appears where it may be scrolled out of sight, as below the last line of a dialog: it is brought into it once. */
export function InSight({ children }: { children: ReactNode }) {
  return (
    <div ref={show} className="contents">
      {children}
    </div>
  )
}

/** The box itself has no place of its own: what is in it has. */
function show(box: HTMLDivElement | null) {
  box?.firstElementChild?.scrollIntoView({ block: 'nearest' })
}
