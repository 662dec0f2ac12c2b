import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { demoAccounts } from '@/lib/cvsite/demo-data/people'
import type { AppUnderLoad } from './app-under-load'
import { type Session, signIn } from './session'

const jobSchema = z.object({
  id: z.string(),
  kind: z.string(),
  status: z.string(),
  result: z.unknown().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
})
export type Job = z.infer<typeof jobSchema>

export type Where = 'on-sqlite' | 'migrating' | 'ready-to-switch' | 'on-postgresql'

/** The administrator, who works through the app's own routes while processes are killed under them. */
export interface Operator {
  migrate(targetUrl: string): Promise<Job>
  cutOver(): Promise<Job>
  rollBack(): Promise<Job>
  state(): Promise<{ readonly status: Where; readonly isBusy: boolean }>
  /** Waits until the app is somewhere and nothing is under way; begins `again` when it has stayed behind without it. */
  untilAt(where: Where, again: () => Promise<unknown>): Promise<void>
}

const stateSchema = z.object({
  state: z.object({ status: z.enum(['on-sqlite', 'migrating', 'ready-to-switch', 'on-postgresql']) }),
  activeJob: jobSchema.nullable(),
  unsettled: z.unknown().nullish(),
})
const limitMs = 600_000

export async function startOperator({ origin }: AppUnderLoad, say: (line: string) => void): Promise<Operator> {
  const { email, password } = demoAccounts.admin
  const session: Session = await signIn({ url: origin, origin, email, password })
  const get = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => schema.parse(await (await session.fetch(path)).json())
  const start = async (body: unknown): Promise<Job> => {
    await untilAnswered(() => session.fetch('/api/account/reauthenticate', { method: 'POST', body: { password } }))
    const answer = await untilAnswered(() => session.fetch('/api/jobs', { method: 'POST', body }))
    const parsed: unknown = await answer.json()
    if (answer.status !== 202) throw new Error(`${answer.status}: ${JSON.stringify(parsed)}`)
    return z.object({ job: jobSchema }).parse(parsed).job
  }
  const state = async () => {
    const known = await untilAnswered(() => get('/api/admin/state', stateSchema))
    return { status: known.state.status, isBusy: known.activeJob !== null || known.unsettled != null }
  }
  return {
    migrate: (url) => start({ kind: 'migrate', target: { from: 'form', url }, mode: 'live' }),
    cutOver: () => start({ kind: 'cutover', confirmation: 'PostgreSQL' }),
    rollBack: () => start({ kind: 'rollback', confirmation: 'SQLite' }),
    state,
    async untilAt(where, again) {
      const deadline = Date.now() + limitMs
      for (;;) {
        const { status, isBusy } = await state()
        if (status === where && !isBusy) return
        if (!isBusy && status !== 'migrating') {
          say(`  still ${status}; it is asked for again`)
          // A recovery may be about to begin: then it is refused, and asked for once more.
          await again().catch((error: unknown) => say(`  refused: ${String(error).slice(0, 160)}`))
        }
        if (Date.now() > deadline) throw new Error(`not ${where} after ${limitMs / 1000} s, but ${status}`)
        await delay(200)
      }
    },
  }
}

/** The web process may be dead this moment. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 120_000
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await delay(200)
    }
  }
}
