/** Runs our migration, then the proof, in this process, and prints the costs as one line of JSON. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { migrateDatabase } from '@/lib/migration/migrate-database'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { startMeasuring } from './measure'

const inputSchema = z.object({ sourcePath: z.string(), targetUrl: z.string() })

const { sourcePath, targetUrl } = inputSchema.parse(JSON.parse(process.argv[2] ?? ''))
const workDir = await mkdtemp(join(tmpdir(), 'bascule-bench-'))
const never = new AbortController().signal
const quiet = () => undefined
let phase = ''

const measuring = startMeasuring(() => phase)
const migration = await migrateDatabase(
  {
    jobId: 'bench',
    sourcePath,
    targetUrl,
    model: { kind: 'history', folder: 'prisma/postgresql/migrations' },
    workDir,
    fenceSource: false,
    setAside: false,
    dryRun: false,
  },
  (event) => {
    if (event.type === 'phase' && event.status === 'started') phase = event.phase
  },
  never,
)
const cost = measuring.stop()
if (migration.status !== 'succeeded') throw new Error(`Our migration failed: ${migration.error?.message}`)

const proving = startMeasuring()
const proof = await verifyDatabases({ sourcePath, targetUrl }, quiet, never)
const proofCost = proving.stop()
await rm(workDir, { recursive: true, force: true })
console.log(
  JSON.stringify({
    cost,
    phases: migration.phases,
    rows: migration.rowsCopied,
    proofMs: proofCost.wallMs,
    proofLongestBlockMs: proofCost.longestBlockMs,
    proofLongestBlockCpuMs: proofCost.longestBlockCpuMs,
    peakRssMiB: proofCost.peakRssMiB,
    isProven: proof.tables.every((table) => table.content === 'identical'),
  }),
)
