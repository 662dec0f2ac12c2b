import { SingleBar } from 'cli-progress'
import type { ProgressEvent, Report } from '@/lib/core/progress'

/** Progress on standard error: a bar on a terminal, otherwise a line for each phase. Call `stop` before writing anything else. */
export function showProgress(stream: NodeJS.WriteStream): { readonly report: Report; stop(): void } {
  return stream.isTTY ? showBar(stream) : showLines(stream)
}

function showBar(stream: NodeJS.WriteStream) {
  const bar = new SingleBar({
    format: '{phase} {bar} {percentage}% · {value}/{total} rows · {rate} rows/s · {table}',
    stream,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 50,
  })
  let isRunning = false
  const stop = () => {
    if (isRunning) bar.stop()
    isRunning = false
  }
  const report = (event: ProgressEvent) => {
    if (event.type === 'phase' && event.status !== 'started') stop()
    if (event.type !== 'progress') return
    const running = event.tables.findLast(({ state }) => state === 'running')?.table
    const payload = { phase: event.phase.padEnd(9), rate: event.rowsPerSecond ?? '…', ...(running === undefined ? {} : { table: running }) }
    if (isRunning) bar.setTotal(event.rowsTotal ?? event.rowsDone)
    else bar.start(event.rowsTotal ?? event.rowsDone, 0, { table: '', ...payload })
    isRunning = true
    bar.update(event.rowsDone, payload)
  }
  return { report, stop }
}

function showLines(stream: NodeJS.WriteStream) {
  const report = (event: ProgressEvent) => {
    if (event.type !== 'phase') return
    const time = event.elapsedMs === undefined ? '' : ` (${Math.round(event.elapsedMs)} ms)`
    stream.write(`${event.phase}: ${event.status}${time}\n`)
  }
  return { report, stop: () => undefined }
}
