import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { openControlStore } from '@/lib/control/control-store'
import { finalStatuses } from '@/lib/jobs/job'
import { enqueueJob, getJob } from '@/lib/jobs/job-queue'
import { workerEnvironment, workerNodeArgs } from '@/scripts/start/worker-command'
import { type WatchedRun, watchMemory } from './watched-run'

/** A backup with its trial, queued as the page queues it and made by a worker as `npm start` starts it. */
export async function backupInWorker(root: string, env: NodeJS.ProcessEnv): Promise<WatchedRun> {
  const path = (env.CONTROL_DATABASE_URL ?? '').slice('file:'.length)
  const store = await openControlStore(path, { migrationsDir: join(root, 'prisma/control/migrations') })
  const worker = spawn(process.execPath, [...workerNodeArgs, 'worker/main.ts'], { cwd: root, env: workerEnvironment(env), stdio: 'ignore' })
  const ended = new Promise((resolve) => worker.once('close', resolve))
  const watch = watchMemory(worker.pid as number)
  try {
    const payload = { includeEnvironment: false, format: 'auto', trial: true, origin: 'manual' } as const
    const started = performance.now()
    const { id } = await enqueueJob(store, { kind: 'backup', payload, requestedBy: 'bench' })
    for (;;) {
      const job = await getJob(store, id)
      if (finalStatuses.has(job.status)) {
        if (job.status !== 'succeeded') throw new Error(`The worker's backup ${job.status}: ${job.error?.message ?? ''}`)
        break
      }
      if (worker.exitCode !== null) throw new Error('The worker has ended.')
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    return { wallMs: performance.now() - started, ...(await watch.stop()), output: '' }
  } finally {
    worker.kill('SIGTERM')
    await ended
    await watch.stop()
    await store.close()
  }
}
