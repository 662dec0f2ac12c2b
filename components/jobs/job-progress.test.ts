import { describe, expect, it } from 'vitest'
import type { JobEvent, NumberedEvent } from '@/lib/jobs/job'
import { addEvents, noProgress } from './job-progress'

const numbered = (events: readonly JobEvent[], from = 1): NumberedEvent[] =>
  events.map((event, index) => ({ seq: from + index, at: '2024-05-01T10:00:00.000Z', event }))

const copyProgress = (rowsDone: number, phase = 'copy'): JobEvent => ({
  type: 'progress',
  phase,
  tables: [{ table: 'User', state: 'running', rowsDone, rowsTotal: 100, rowsPerSecond: 10 }],
  rowsDone,
  rowsTotal: 100,
  bytesDone: null,
  rowsPerSecond: 10,
  remainingMs: 1_000,
})

const story = numbered([
  { type: 'status', status: 'running' },
  { type: 'plan', phases: ['checks', 'copy', 'counts'] },
  { type: 'phase', phase: 'checks', status: 'started' },
  { type: 'phase', phase: 'checks', status: 'succeeded', elapsedMs: 12, facts: { tables: 1 } },
  { type: 'phase', phase: 'copy', status: 'started' },
  copyProgress(10),
  copyProgress(60),
  { type: 'log', level: 'warn', message: 'slow' },
])

describe('the events of a job, added up', () => {
  it('tells phases with their state, time and facts, tables, totals, log and status', () => {
    const progress = addEvents(noProgress, story)
    expect(progress.status).toBe('running')
    expect(progress.phases.map(({ phase, status, elapsedMs }) => [phase, status, elapsedMs])).toEqual([
      ['checks', 'succeeded', 12],
      ['copy', 'started', null],
      ['counts', 'waiting', null],
    ])
    expect(progress.phases[0]?.facts).toEqual({ tables: 1 })
    expect(progress.tables).toEqual([{ table: 'User', state: 'running', rowsDone: 60, rowsTotal: 100, rowsPerSecond: 10 }])
    expect(progress.totals?.rowsDone).toBe(60)
    expect(progress.log.at(-1)).toMatchObject({ level: 'warn', content: { type: 'message', text: 'slow' } })
  })

  it('is the same whether events come one by one, together, or twice', () => {
    const together = addEvents(noProgress, story)
    expect(story.reduce((progress, event) => addEvents(progress, [event]), noProgress)).toEqual(together)
    expect(addEvents(together, story)).toBe(together)
    expect(addEvents(addEvents(noProgress, story.slice(0, 5)), story)).toEqual(together)
  })

  it('keeps the bars of the copy when a later phase counts the same tables again', () => {
    const counted = addEvents(addEvents(noProgress, story), [{ seq: 9, at: '2024-05-01T10:00:05.000Z', event: copyProgress(3, 'counts') }])
    expect(counted.tables[0]?.rowsDone).toBe(60)
  })

  it('shows the tables of a job that copies nothing', () => {
    const verified = addEvents(noProgress, numbered([{ type: 'plan', phases: ['counts'] }, copyProgress(3, 'counts')]))
    expect(verified.tables[0]?.rowsDone).toBe(3)
  })

  it('shows a phase that waits for PostgreSQL, and the same phase at work again', () => {
    const waiting = addEvents(
      noProgress,
      numbered([
        { type: 'plan', phases: ['copy'] },
        { type: 'phase', phase: 'copy', status: 'started' },
        { type: 'phase', phase: 'copy', status: 'reconnecting' },
      ]),
    )
    expect(waiting.phases[0]).toMatchObject({ status: 'reconnecting', startedAt: expect.any(String) })
    expect(waiting.log.at(-1)).toMatchObject({ level: 'warn' })
    const again = addEvents(waiting, [
      { seq: 9, at: '2024-05-01T10:00:05.000Z', event: { type: 'phase', phase: 'copy', status: 'started' } },
    ])
    expect(again.phases[0]).toMatchObject({ status: 'started' })
  })

  it('goes on with a job that was interrupted and taken up again', () => {
    const events = numbered([
      { type: 'status', status: 'running', attempt: 1 },
      { type: 'plan', phases: ['checks', 'copy'] },
      { type: 'phase', phase: 'copy', status: 'started' },
      { type: 'status', status: 'interrupted' },
      { type: 'status', status: 'running', attempt: 2 },
      { type: 'plan', phases: ['checks', 'copy'] },
      { type: 'phase', phase: 'checks', status: 'started' },
    ])
    const progress = addEvents(noProgress, events)
    expect(progress.status).toBe('running')
    expect(progress.phases.map((phase) => phase.status)).toEqual(['started', 'waiting'])
  })
})
