/** What `npm run bench` measured; the contract of its `--json` is in docs/ARCHITECTURE.md. */
export interface BenchResult {
  readonly rows: number
  readonly sourceBytes: number
  readonly ours: {
    readonly wallMs: number
    readonly rowsPerSecond: number
    readonly cpuMs: number
    readonly peakRssMiB: number
    readonly checkMs: number
    readonly safetyCopyMs: number
    readonly statisticsMs: number
    readonly proofMs: number
    readonly longestBlockMs: number
    /** Of the main thread's own processor time: what of a block was not the machine's. */
    readonly longestBlockCpuMs: number | null
    readonly longestBlocksAt: readonly [string, string]
    readonly proofLongestBlockMs: number
    readonly proofLongestBlockCpuMs: number | null
    readonly phases: Readonly<Record<string, number>>
  }
  readonly limit: { readonly wallMs: number }
  readonly pgloader: {
    readonly version: string
    readonly wallMs: number
    readonly exitStatus: number | null
    readonly isComplete: boolean
    readonly losses: readonly string[]
    readonly foreignKeysMs: number
  } | null
  readonly script: { readonly sampleRows: number; readonly wallMs: number; readonly rowsPerSecond: number }
  readonly ratios: {
    readonly oursToLimit: number
    /** With the foreign keys, which ours has too. */
    readonly pgloaderToOurs: number | null
    /** Without those that it lost. */
    readonly pgloaderAloneToOurs: number | null
    readonly scriptToOurs: number
    readonly proofToCopy: number
    readonly wholeJobToPgloader: number | null
  }
}

/** Prints the figures for people, on standard error. */
export function printReport(result: BenchResult): void {
  const { ours, limit, pgloader, script, ratios, rows, sourceBytes } = result
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const milliseconds = (ms: number | null) => (ms === null ? '?' : `${ms.toFixed(0)} ms`)
  const perSecond = (ms: number) =>
    `${Math.round((rows / ms) * 1000).toLocaleString('en')} rows/s, ${(sourceBytes / 1e3 / ms).toFixed(0)} MB/s`
  const times = (ratio: number | null) => (ratio === null ? '–' : `${ratio.toFixed(2)} ×`)
  const lines = [
    '',
    `source      ${rows.toLocaleString('en')} rows, ${(sourceBytes / 1e6).toFixed(0)} MB`,
    `ours        ${seconds(ours.wallMs)}  ${perSecond(ours.wallMs)}  (schema, copy, structure, sequences)`,
    `  checks    ${seconds(ours.checkMs)} and safety copy ${seconds(ours.safetyCopyMs)} before, ANALYZE ${seconds(ours.statisticsMs)} and proof ${seconds(ours.proofMs)} after; no peer does any of them`,
    `  client    ${seconds(ours.cpuMs)} CPU, ${ours.peakRssMiB.toFixed(0)} MiB peak`,
    `  loop      blocked ${ours.longestBlockMs.toFixed(0)} ms at most (${ours.longestBlocksAt[0]}), of own work ${milliseconds(ours.longestBlockCpuMs)} (${ours.longestBlocksAt[1]}); in the proof ${ours.proofLongestBlockMs.toFixed(0)} ms, of own work ${milliseconds(ours.proofLongestBlockCpuMs)}`,
    `  phases    ${Object.entries(ours.phases)
      .map(([phase, ms]) => `${phase} ${seconds(ms)}`)
      .join(', ')}`,
    `limit       ${seconds(limit.wallMs)}  ${perSecond(limit.wallMs)}  (COPY of prepared files by the server, keys, indexes, foreign keys)`,
    pgloader
      ? `pgloader    ${pgloader.isComplete ? seconds(pgloader.wallMs) : `gave up after ${seconds(pgloader.wallMs)}`}  ${pgloader.version}, exit ${pgloader.exitStatus}; lost: ${pgloader.losses.join('; ') || 'nothing found'}`
      : 'pgloader    not installed',
    ...(pgloader && pgloader.foreignKeysMs > 0
      ? [`            ${seconds(pgloader.foreignKeysMs)} more for the foreign keys that it lost, added by hand`]
      : []),
    `script      ${script.rowsPerSecond.toFixed(0)} rows/s on a sample of ${script.sampleRows.toLocaleString('en')}`,
    `ratios      ours/limit ${times(ratios.oursToLimit)}   pgloader/ours ${times(ratios.pgloaderToOurs)} (${times(ratios.pgloaderAloneToOurs)} without foreign keys)   ours/script ${times(ratios.scriptToOurs)}   proof/copy ${times(ratios.proofToCopy)}   whole job/pgloader ${times(ratios.wholeJobToPgloader)}`,
  ]
  for (const line of lines) console.error(line)
}
