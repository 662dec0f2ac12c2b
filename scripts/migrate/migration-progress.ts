import { MultiBar, type SingleBar } from 'cli-progress'
import type { ProgressEvent, Report } from '@/lib/core/progress'

/** Progress on standard error: bars on a terminal, otherwise a line for each phase. Call `stop` before writing anything else. */
export function showMigration(stream: NodeJS.WriteStream): { readonly report: Report; stop(): void } {
  return stream.isTTY ? showBars(stream) : { report: (event) => writeLine(stream, event), stop: () => undefined }
}

/** More bars than this would scroll: small tables then share the line of the total. */
const maximumBars = 12

function showBars(stream: NodeJS.WriteStream) {
  let bars: MultiBar | undefined
  let byTable = new Map<string, SingleBar>()
  let total: SingleBar | undefined
  const stop = () => {
    bars?.stop()
    bars = undefined
    total = undefined
    byTable = new Map()
  }
  const report = (event: ProgressEvent) => {
    if (event.type !== 'progress') {
      stop()
      writeLine(stream, event)
      return
    }
    bars ??= new MultiBar({
      format: '{name} {bar} {percentage}% · {value}/{total} rows · {rate} rows/s',
      stream,
      hideCursor: true,
      clearOnComplete: true,
    })
    total ??= bars.create(event.rowsTotal ?? 0, 0, { name: event.phase.padEnd(20), rate: '…' })
    if (event.rowsTotal !== null) total.setTotal(event.rowsTotal)
    total.update(event.rowsDone, { rate: event.rowsPerSecond ?? '…' })
    for (const { table, state, rowsDone, rowsTotal, rowsPerSecond } of event.tables) {
      if (state !== 'running' && !byTable.has(table)) continue
      const known =
        byTable.get(table) ??
        (byTable.size < maximumBars ? bars.create(rowsTotal ?? rowsDone, 0, { name: table.slice(0, 20).padEnd(20), rate: '…' }) : undefined)
      if (!known) continue
      byTable.set(table, known)
      known.update(rowsDone, { rate: rowsPerSecond ?? '…' })
      if (state === 'done') {
        bars.remove(known)
        byTable.delete(table)
      }
    }
  }
  return { report, stop }
}

function writeLine(stream: NodeJS.WriteStream, event: ProgressEvent): void {
  if (event.type === 'lag') stream.write(`${event.phase}: ${event.lag.changesBehind} changes behind\n`)
  if (event.type === 'log' && event.level !== 'info') stream.write(`${event.message}\n`)
  if (event.type !== 'phase') return
  const facts = Object.entries(event.facts ?? {}).map(([name, value]) => `${name} ${value}`)
  const time = event.elapsedMs === undefined ? '' : ` in ${(event.elapsedMs / 1000).toFixed(1)} s`
  stream.write(`${event.phase}: ${event.status}${time}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}\n`)
}
