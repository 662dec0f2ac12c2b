import { describe, expect, it } from 'vitest'
import type { AdminState } from '@/components/admin/state-queries'
import type { JobView } from '@/lib/jobs/job'
import { chooseView } from './choose-view'

const job = (part: Partial<JobView>): JobView => ({
  id: 'job',
  kind: 'migrate',
  status: 'succeeded',
  requestedBy: 'admin@example.org',
  createdAt: '2024-05-01T10:00:00.000Z',
  startedAt: null,
  finishedAt: null,
  cancelRequestedAt: null,
  attempt: 1,
  lastEventSeq: 0,
  retryOfId: null,
  targetLabel: null,
  result: null,
  error: null,
  ...part,
})
const at = (status: AdminState['state']['status'], activeJob: JobView | null = null) => ({ state: { status, jobId: 'made-it' }, activeJob })

describe('what the migration page shows', () => {
  it('is the form at first, and after a way back', () => {
    expect(chooseView(at('on-sqlite'), [], null)).toEqual({ view: 'start', failedStep: null })
    expect(chooseView(at('on-sqlite'), [job({ kind: 'rollback' }), job({ status: 'failed' })], null)).toMatchObject({ view: 'start' })
  })

  it('is the running migration from the moment it is queued, whatever else is listed', () => {
    const queued = job({ id: 'now', status: 'queued' })
    expect(chooseView(at('on-sqlite', queued), [queued, job({ status: 'failed' })], null)).toEqual({ view: 'running', jobId: 'now' })
  })

  it('stays on the migration when its worker has died and nothing is active', () => {
    const forward = job({ kind: 'forward', id: 'again', status: 'running' })
    expect(chooseView(at('migrating', forward), [forward], null)).toEqual({ view: 'running', jobId: 'again' })
    expect(chooseView(at('migrating'), [job({ status: 'interrupted' })], null)).toEqual({ view: 'running', jobId: 'made-it' })
  })

  it.each(['failed', 'cancelled', 'interrupted'] as const)('tells of a %s migration until the reader goes on', (status) => {
    const jobs = [job({ kind: 'verify' }), job({ id: 'bad', status })]
    expect(chooseView(at('on-sqlite'), jobs, null)).toMatchObject({ view: 'ended', job: { id: 'bad' } })
    expect(chooseView(at('on-sqlite'), jobs, 'bad')).toMatchObject({ view: 'start' })
  })

  it('shows a failed switch above the decision, and a failed way back above the way back', () => {
    const failedSwitch = job({ id: 'x', kind: 'cutover', status: 'failed' })
    expect(chooseView(at('ready-to-switch'), [failedSwitch], null)).toMatchObject({
      view: 'ready',
      jobId: 'made-it',
      failedStep: { id: 'x' },
    })
    expect(chooseView(at('ready-to-switch'), [failedSwitch], 'x')).toMatchObject({ view: 'ready', failedStep: null })
    const failedBack = job({ id: 'y', kind: 'rollback', status: 'failed' })
    expect(chooseView(at('on-postgresql'), [failedBack], null)).toMatchObject({ view: 'postgres', failedStep: { id: 'y' } })
  })

  it('does not take a verification for a step of the migration', () => {
    const verify = job({ kind: 'verify', status: 'running' })
    expect(chooseView(at('on-postgresql', verify), [verify], null)).toEqual({ view: 'postgres', failedStep: null })
  })
})
