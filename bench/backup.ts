/**
 * npm run bench -- --backup [--size MIB] [--files N] [--encryption none|passphrase|recipients] [--worker] [--writes PER_SECOND] [--json]
 *
 * A backup as `npm run backup` makes it: database and files of one moment, tried, copied to a storage that speaks S3 on
 * this machine, and restored. Size, MB/s and largest memory of each step, and the time against
 * `sqlite3 .backup | tar | gzip or zstd | age` by the standard programs. With --worker the backup is also made by the worker,
 * as on the page. With --writes an app's writes are timed, twenty seconds without a backup and then during one. The source is kept in the temporary folder for the next run.
 */
import { cp, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { saveDestination } from '@/lib/backup/destinations/destination-store'
import { generateKeyPair, saveKeyPolicy } from '@/lib/backup/key-policy'
import { openControlStore } from '@/lib/control/control-store'
import { startS3Server, testAccessKey, testBucket } from '@/tests/support/s3/s3-server'
import { buildBackupSource } from './backup/source'
import { measureStandardPrograms } from './backup/standard-programs'
import { runWatched, type WatchedRun } from './backup/watched-run'
import { backupInWorker } from './backup/worker-run'
import { writeMeanwhile } from './backup/writes-meanwhile'

const { values } = parseArgs({
  options: {
    backup: { type: 'boolean' },
    size: { type: 'string', default: '300' },
    files: { type: 'string', default: '1000' },
    encryption: { type: 'string', default: 'passphrase' },
    worker: { type: 'boolean', default: false },
    writes: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
})
const sizeMiB = Number(values.size)
const files = Number(values.files)
const encryption = z.enum(['none', 'passphrase', 'recipients']).parse(values.encryption)
if (!Number.isInteger(sizeMiB) || sizeMiB < 1 || !Number.isInteger(files) || files < 1) {
  console.error('--size takes megabytes, --files a number')
  process.exit(2)
}

const root = resolve(import.meta.dirname, '..')
const folder = join(tmpdir(), 'bascule-bench')
const run = join(folder, `backup-${process.pid}`)
const passphrase = 'a passphrase for the bench alone'
const fileKey = Buffer.from('01234567890123456789012345678901')
const say = (line: string) => console.error(line)

say(`building the source: ${sizeMiB} MiB, ${files} files`)
const source = await buildBackupSource({ folder, root, sizeMiB, files, fileKey })
await mkdir(run, { recursive: true })
const server = await startS3Server(join(run, 's3'))
try {
  // The restore writes: the source itself stays as it is.
  const databasePath = join(run, 'app.db')
  await cp(source.databasePath, databasePath)
  const env = environmentOf(databasePath)
  const key = await prepare(env.CONTROL_DATABASE_URL)
  const program = async (...args: string[]) => {
    const arg = ['--optimize-for-size', '--max-semi-space-size=2', join(root, 'scripts/launch.mjs'), 'scripts/backup.ts', ...args, '--json']
    const done = await runWatched(process.execPath, arg, env)
    say(`${args[0]}: ${(done.wallMs / 1000).toFixed(1)} s, peak ${done.peakMiB?.toFixed(0) ?? '?'} MiB`)
    const [result] = z
      .tuple([z.object({ id: z.string().optional() }).loose()])
      .parse([JSON.parse(done.output.trim().split('\n').at(-1) ?? '')])
    return { ...done, id: result.id ?? '' }
  }
  const steps: Record<string, WatchedRun> = {}
  const create = await program('create', '--no-to')
  steps['backup and trial'] = create
  const given = key === null ? [] : ['--key-file', key.file]
  steps['trial again'] = await program('verify', create.id, ...given)
  steps['copy to S3'] = await program('copy', create.id)
  steps['trial from S3'] = await program('verify', create.id, '--from', 'bench', ...given)
  steps.restore = await program('restore', create.id, '--yes', ...given)
  if (values.worker) steps['backup by the worker'] = await backupInWorker(root, env)
  const perSecond = Number(values.writes)
  const quietMs = 20_000
  const writes =
    perSecond > 0
      ? {
          without: await writeMeanwhile(databasePath, perSecond, () => new Promise((resolve) => setTimeout(resolve, quietMs))),
          during: await writeMeanwhile(databasePath, perSecond, () => program('create', '--no-to')),
        }
      : null
  const archive = join(run, 'backups', `backup-${create.id}.tar.gz${encryption === 'none' ? '' : '.age'}`)
  const archiveBytes = (await stat(archive)).size
  say('the standard programs')
  const standard = await measureStandardPrograms({ source, folder: join(run, 'standard'), recipient: key?.recipient ?? null })
  const bytes = source.sizeBytes
  const lines = Object.entries(steps).map(([name, { wallMs, peakMiB, childPeakMiB, togetherMiB }]) => ({
    step: name,
    seconds: wallMs / 1000,
    megabytesPerSecond: bytes / 1e6 / (wallMs / 1000),
    peakMiB,
    childPeakMiB,
    togetherMiB,
  }))
  const ratios = standard.map(({ programs, wallMs }) => ({ programs, seconds: wallMs / 1000, oursToThem: create.wallMs / wallMs }))
  say(`\ndatabase ${(bytes / 1e6).toFixed(0)} MB, ${files} files, archive ${(archiveBytes / 1e6).toFixed(0)} MB, encryption: ${encryption}`)
  for (const { step, seconds, megabytesPerSecond, peakMiB, childPeakMiB, togetherMiB } of lines)
    say(
      `${step.padEnd(22)} ${seconds.toFixed(1).padStart(8)} s ${megabytesPerSecond.toFixed(0).padStart(5)} MB/s   peak ${peakMiB?.toFixed(0) ?? '?'} MiB, helper ${childPeakMiB?.toFixed(0) ?? '-'} MiB, together ${togetherMiB?.toFixed(0) ?? '?'} MiB`,
    )
  for (const { programs, seconds, oursToThem } of ratios)
    say(`${programs.padEnd(40)} ${seconds.toFixed(1)} s without any trial; ours takes ${oursToThem.toFixed(2)} of that, trial included`)
  for (const [when, times] of Object.entries(writes ?? {}))
    say(
      `${perSecond} writes/s ${when.padEnd(8)} p50 ${times.p50Ms.toFixed(2)} ms, p99 ${times.p99Ms.toFixed(1)} ms, longest ${times.longestMs.toFixed(0)} ms, ${times.refused} of ${times.writes} refused`,
    )
  if (values.json)
    console.log(JSON.stringify({ databaseBytes: bytes, files, archiveBytes, encryption, steps: lines, standard: ratios, writes }))
} finally {
  await server.close()
  await rm(run, { recursive: true, force: true })
}

function environmentOf(databasePath: string) {
  return {
    ...process.env,
    NODE_ENV: 'production',
    DATABASE_URL: `file:${databasePath}`,
    CONTROL_DATABASE_URL: `file:${join(run, 'control.db')}`,
    CV_DATA_DIR: source.filesFolder,
    DATA_DIR: run,
    CV_ENCRYPTION_KEY: fileKey.toString('base64'),
    NEXTAUTH_SECRET: 'a secret for the bench, long enough to be one',
    NEXT_PUBLIC_SITE_URL: 'http://localhost:3000',
  } satisfies NodeJS.ProcessEnv
}

/** Encryption and destination of this run; answers the key for the standard programs. */
async function prepare(controlUrl: string): Promise<{ readonly recipient: string; readonly file: string } | null> {
  const store = await openControlStore(controlUrl.slice('file:'.length), { migrationsDir: join(root, 'prisma/control/migrations') })
  try {
    const master = 'a secret for the bench, long enough to be one'
    const pair = await generateKeyPair()
    if (encryption === 'passphrase') await saveKeyPolicy(store, { kind: 'passphrase', passphrase }, master, 'bench')
    if (encryption === 'recipients') await saveKeyPolicy(store, { kind: 'recipients', recipients: [pair.recipient] }, master, 'bench')
    const place = {
      kind: 's3',
      endpoint: server.url,
      region: 'eu-west-3',
      bucket: testBucket,
      prefix: 'bench',
      pathStyle: true,
      accessKeyId: testAccessKey.accessKeyId,
    } as const
    const setup = { store, master, folder: join(run, 'backups'), root, addresses: { allowPrivate: true } }
    const input = { name: 'bench', enabled: true, retention: null, place, secretAccessKey: testAccessKey.secretAccessKey }
    await saveDestination(setup, null, input, 'bench')
    const file = join(run, 'key.txt')
    await writeFile(file, encryption === 'passphrase' ? passphrase : pair.identity)
    return encryption === 'none' ? null : { recipient: pair.recipient, file }
  } finally {
    await store.close()
  }
}
