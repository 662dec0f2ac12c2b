import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { transitionActiveDatabase } from '@/lib/control/active-database'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { readSwitchPlan } from '@/lib/control/switch-plan'
import { runScript } from './run-script'

const root = resolve(import.meta.dirname, '..')
let folder: string
let store: ControlStore

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-switch-command-'))
  store = await openControlStore(join(folder, 'control.db'))
  await transitionActiveDatabase(store, { from: 0, to: { status: 'on-sqlite' }, actor: 'test' })
})
afterAll(async () => {
  await store?.close()
  await rm(folder, { recursive: true, force: true })
})

async function run(...args: readonly string[]): Promise<{ status: number; answer: { plan?: unknown; error?: { code: string } } }> {
  const env = {
    DATABASE_URL: `file:${join(folder, 'app.db')}`,
    CONTROL_DATABASE_URL: `file:${join(folder, 'control.db')}`,
    NEXTAUTH_SECRET: 'a secret of at least thirty-two characters',
    CV_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    NEXT_PUBLIC_SITE_URL: 'http://localhost:3000',
  }
  const { status, output } = await runScript('scripts/switch-to-postgres.ts', [...args, '--json'], { root, env })
  return { status, answer: JSON.parse(output.trim().split('\n').at(-1) ?? '{}') }
}

it('chooses a time in a zone, and refuses a switch that nobody would make', { timeout: 120_000 }, async () => {
  const target = { sealedUrl: 'sealed', label: 'app@db:5432/app' }
  const ready = { status: 'ready-to-switch', mode: 'live', jobId: 'copy', target, since: new Date().toISOString() } as const
  await transitionActiveDatabase(store, { from: 1, to: ready, actor: 'test' })

  const chosen = await run('--at', '03:00', '--zone', 'Asia/Tokyo', '--window', '30', '--limit', '1200')
  expect(chosen).toMatchObject({ status: 0 })
  const plan = await readSwitchPlan(store, 'copy')
  expect(plan).toMatchObject({ when: { kind: 'at', zone: 'Asia/Tokyo', windowMinutes: 30 }, freezeLimitMs: 1_200 })
  // Three in the morning in Tokyo, whatever the zone of this machine.
  expect(plan?.when.kind === 'at' && plan.when.at.slice(10)).toBe('T18:00:00.000Z')
  expect(plan?.when.kind === 'at' && Date.parse(plan.when.at)).toBeGreaterThan(Date.now())

  // It is the worker that switches, and none runs.
  expect(await run('--now')).toMatchObject({ status: 1, answer: { error: { code: 'STATE_CONFLICT' } } })
})
