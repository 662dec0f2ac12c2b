/**
 * npm run bench [-- --rows N] [--json]: our migration against the server's own limit, pgloader and a plain script, in one run
 * on one server, each into a fresh database. Ratios are what counts: the machine's speed cancels out.
 */
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { Command } from 'commander'
import { z } from 'zod'
import { applySchemaMigrations } from '@/lib/schema/schema-migrations'
import { startEmbeddedPostgres } from '@/scripts/embedded-postgres'
import { levelGround } from './even-ground'
import { measureLimit, prepareFiles } from './limit'
import { runMeasured } from './measure'
import { runPgloader } from './pgloader'
import { runPlainScript } from './plain-script'
import { printReport } from './print-report'
import { readSchemaScripts } from './schema-scripts'
import { buildSource } from './source-database'

const oursSchema = z.object({
  cost: z.object({
    wallMs: z.number(),
    cpuMs: z.number(),
    peakRssMiB: z.number(),
    longestBlockMs: z.number(),
    longestBlockCpuMs: z.number().nullable(),
    longestBlocksAt: z.tuple([z.string(), z.string()]),
  }),
  phases: z.record(z.string(), z.number()),
  rows: z.number(),
  proofMs: z.number(),
  proofLongestBlockMs: z.number(),
  proofLongestBlockCpuMs: z.number().nullable(),
  /** Of migration and proof. */
  peakRssMiB: z.number(),
  isProven: z.boolean(),
})

// Other measurements with options of their own.
if (process.argv.includes('--http')) {
  await import('./http')
  process.exit(process.exitCode)
}
if (process.argv.includes('--live')) {
  await import('./live')
  process.exit(process.exitCode)
}
if (process.argv.includes('--backup')) {
  await import('./backup')
  process.exit(process.exitCode)
}
if (process.argv.includes('--cancel')) {
  await import('./cancel')
  process.exit(process.exitCode)
}
if (process.argv.includes('--capture')) {
  await import('./capture')
  process.exit(process.exitCode)
}

const scriptSample = 40_000

const options = new Command('bench')
  .option('--rows <number>', 'rows of the source', '1500000')
  .option('--json', 'one JSON object on the last line of standard output', false)
  .parse()
  .opts<{ rows: string; json: boolean }>()
const rows = Number(options.rows)
if (!Number.isInteger(rows) || rows < 1_000) {
  console.error('--rows takes a whole number, at least 1000')
  process.exit(2)
}

const folder = join(tmpdir(), 'bascule-bench')
await mkdir(folder, { recursive: true })
const say = (text: string) => console.error(text)
say(`building the source: ${rows.toLocaleString('en')} rows`)
const source = await buildSource(join(folder, `source-${rows}.db`), rows)
const server = await startEmbeddedPostgres({ dataDir: join(folder, `pg-${process.pid}`), persistent: false, durable: true })
try {
  const { createDatabase, dropDatabase } = await levelGround(server.url)
  say('ours')
  const oursUrl = await createDatabase('bench_ours')
  const ours = oursSchema.parse(await runMeasured('bench/ours.ts', { sourcePath: source.path, targetUrl: oursUrl }, true))
  if (!ours.isProven) throw new Error('Our own copy is not identical to the source.')
  say('the limit of the server')
  const files = await prepareFiles(oursUrl, folder)
  await dropDatabase('bench_ours')
  const limit = await createDatabase('bench_limit')
    .then((url) => measureLimit(files, url))
    .finally(files.remove)
  await dropDatabase('bench_limit')
  say('pgloader')
  const { foreignKeys } = await readSchemaScripts()
  const pgloader = await runPgloader({ sourcePath: source.path, rows: source.rows, foreignKeys, createDatabase, dropDatabase })
  say('a plain script')
  const scriptUrl = await createDatabase('bench_script')
  await applySchemaMigrations(new PrismaPg(scriptUrl), 'prisma/postgresql/migrations')
  const script = await runPlainScript(source.path, scriptUrl, Math.min(scriptSample, Math.floor(rows * 0.06) * 2))

  const checkMs = ours.phases.checks ?? 0
  const countMs = ours.phases.counts ?? 0
  const safetyCopyMs = ours.phases['safety-copy'] ?? 0
  const statisticsMs = ours.phases.statistics ?? 0
  // What the peers do too; they neither check nor count, keep no copy of the source as it was, and gather no statistics.
  const moveMs = ours.cost.wallMs - checkMs - safetyCopyMs - countMs - statisticsMs
  const rate = (wallMs: number, count: number) => (count / wallMs) * 1000
  const scriptRate = rate(script.wallMs, script.rows)
  const result = {
    rows: source.rows,
    sourceBytes: source.sizeBytes,
    ours: {
      wallMs: moveMs,
      rowsPerSecond: rate(moveMs, ours.rows),
      cpuMs: ours.cost.cpuMs,
      peakRssMiB: ours.peakRssMiB,
      checkMs,
      safetyCopyMs,
      statisticsMs,
      proofMs: ours.proofMs,
      longestBlockMs: ours.cost.longestBlockMs,
      longestBlockCpuMs: ours.cost.longestBlockCpuMs,
      longestBlocksAt: ours.cost.longestBlocksAt,
      proofLongestBlockMs: ours.proofLongestBlockMs,
      proofLongestBlockCpuMs: ours.proofLongestBlockCpuMs,
      phases: ours.phases,
    },
    limit,
    pgloader,
    script: { sampleRows: script.rows, wallMs: script.wallMs, rowsPerSecond: scriptRate },
    ratios: {
      oursToLimit: moveMs / limit.wallMs,
      pgloaderToOurs: pgloader?.isComplete ? (pgloader.wallMs + pgloader.foreignKeysMs) / moveMs : null,
      pgloaderAloneToOurs: pgloader?.isComplete ? pgloader.wallMs / moveMs : null,
      scriptToOurs: rate(moveMs, ours.rows) / scriptRate,
      proofToCopy: ours.proofMs / (ours.phases.copy ?? moveMs),
      wholeJobToPgloader: pgloader?.isComplete ? (ours.cost.wallMs + ours.proofMs) / pgloader.wallMs : null,
    },
  }
  printReport(result)
  if (options.json) console.log(JSON.stringify(result))
} finally {
  await server.stop()
}
