'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { LongPanel } from '@/lib/monitoring/health-report'
import { figuresQuery, type WholePanels } from './database-queries'

export interface WholePanel<Row> {
  readonly rows: readonly Row[]
  /** How many there are, of which `rows` may be the first. */
  readonly total: number
  /** Asks for all of them; at once where they are here already. */
  readonly want: () => void
  readonly isPending: boolean
}

/** The first rows of a long panel until somebody looks further, and from then on all of them. */
export function useWholePanel<P extends LongPanel>(
  panel: P,
  head: readonly WholePanels[P][number][],
  total: number | null,
): WholePanel<WholePanels[P][number]> {
  const [isWanted, setWanted] = useState(false)
  const isShort = total !== null && total > head.length
  const whole = useQuery({ ...figuresQuery(panel), enabled: isShort && isWanted })
  return {
    rows: (isShort ? whole.data : null) ?? head,
    total: total ?? head.length,
    want: () => setWanted(true),
    isPending: whole.isFetching && !whole.data,
  }
}

/** What the table of figures wants to know of it. */
export function tableProps<Row>({ rows, total, want, isPending }: WholePanel<Row>) {
  return { rows, total, onWhole: want, isPending }
}
