import type { ControlStore } from '@/lib/control/control-store'
import { readNewJobLines } from './job-logs'
import { type LogEntry, type LogQuery, matches } from './log-entry'
import { readNewLines, startAtEnd } from './log-files'

/** Lines as they are written, numbered for the stream from 1 on. */
export interface NumberedEntry {
  readonly seq: number
  readonly entry: LogEntry
}

/** Job lines kept in mind to tell those of one moment apart. */
const rememberedIds = 2_000

/**
 * Follows files and jobs from now on: an event source for `followEvents`. Its numbers count what this reader was sent, so a
 * reader that comes back asks for what it missed with a search.
 */
export async function followLogs(folder: string, store: ControlStore, query: LogQuery) {
  const places = await startAtEnd(folder)
  let since = store.clock.now()
  let known = new Set<string>()
  let seq = 0
  const pending: NumberedEntry[] = []

  const look = async () => {
    const lines = [...(await readNewLines(places))]
    const jobLines = query.source === 'all' || query.source === 'jobs' ? await readNewJobLines(store, since, known) : []
    for (const { id, at } of jobLines) {
      known.add(id)
      if (new Date(at) > since) since = new Date(at)
    }
    if (known.size > rememberedIds) known = new Set([...known].slice(-rememberedIds / 2))
    const fresh = [...lines, ...jobLines].filter((entry) => matches(entry, query)).sort((a, b) => a.at.localeCompare(b.at))
    for (const entry of fresh) pending.push({ seq: ++seq, entry })
  }

  return {
    readAfter: async (after: number, limit: number): Promise<readonly NumberedEntry[]> => {
      while (pending[0] && pending[0].seq <= after) pending.shift()
      if (pending.length === 0) await look()
      return pending.slice(0, limit)
    },
    hasEnded: async () => false,
  }
}
