'use client'

import { useEffect, useState } from 'react'
import { type LogEntry, type LogQuery, logEntrySchema } from '@/lib/logs/log-entry'
import { queryText } from './log-queries'

/** Lines kept while following; older ones are found by searching. */
const keptLines = 2_000
const batchMs = 150

export interface LiveLogs {
  /** Newest first. */
  readonly lines: readonly LogEntry[]
  readonly isOpen: boolean
}

/**
 * Follows the logs while `live`. A stream begins with now; after a break `onReopened` says that lines may have been missed,
 * and whoever shows them searches again.
 */
export function useLiveLogs(query: LogQuery, live: boolean, onReopened: () => void): LiveLogs {
  const address = queryText(query)
  const [lines, setLines] = useState<readonly LogEntry[]>([])
  const [isOpen, setIsOpen] = useState(false)

  // biome-ignore lint/correctness/useExhaustiveDependencies: the address stands for the query
  useEffect(() => {
    setLines([])
    setIsOpen(false)
    if (!live) return
    let batch: LogEntry[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    let opened = 0
    const source = new EventSource(`/api/logs/events?${address}`)
    source.onopen = () => {
      setIsOpen(true)
      opened += 1
      if (opened > 1) onReopened()
    }
    source.onerror = () => setIsOpen(false)
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const parsed = logEntrySchema.safeParse(JSON.parse(data))
      if (!parsed.success) return
      batch.push(parsed.data)
      timer ??= setTimeout(() => {
        timer = undefined
        const fresh = batch.reverse()
        batch = []
        setLines((before) => [...fresh, ...before].slice(0, keptLines))
      }, batchMs)
    }
    return () => {
      source.close()
      clearTimeout(timer)
    }
  }, [address, live])

  return { lines, isOpen }
}
