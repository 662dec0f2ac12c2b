import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import type { ActiveSource } from '@/lib/control/active-source'
import { recordStructure } from '@/lib/postgres/structure-record'
import { expectWords } from '@/tests/support/health-words'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { endSession } from './end-session'
import { readHealth } from './health'
import { type CheckCode, type HealthCheck, type HealthReport, healthReportSchema, type Panel, type PostgresPanels } from './health-report'
import { maintain } from './maintenance/maintain'
import type { Thresholds } from './thresholds'

const never = new AbortController().signal
const ignore = () => undefined

/** Trouble is made small, so that it is made in milliseconds. */
const tiny: Partial<Thresholds> = {
  idleInTransactionMs: 0,
  blockedMs: 0,
  deadRows: 100,
  deadShare: 0.3,
  staleRows: 100,
  bloatBytes: 40_000,
  bloatShare: 0.3,
  unusedAfterMs: 0,
  unusedIndexBytes: 0,
  wholeReads: 3,
  indexedFromRows: 500,
}

describe.each(inject('postgresServers'))('the health of $name', (server) => {
  let database: TestPostgresDatabase
  const source = (): ActiveSource => ({ engine: 'postgresql', url: database.url })
  const sql = (...statements: string[]) =>
    withPostgres(database.url, async (client) => {
      for (const statement of statements) await client.query(statement)
    })
  const read = async (thresholds: Partial<Thresholds> = tiny) => {
    const report = healthReportSchema.parse(await readHealth(source(), { thresholds }))
    expectWords(report)
    return report
  }
  /** What a button does that queues maintenance. */
  const press = async (check: HealthCheck, subject?: string) => {
    const action = (subject === undefined ? check : check.items.find((item) => item.subject === subject))?.action
    if (action?.kind !== 'maintain') throw new Error(`no button at ${check.code} ${subject}`)
    const { error } = await maintain(source(), undefined as never, action.request, ignore, never)
    expect(error).toBeNull()
  }

  beforeAll(async () => {
    database = await createPostgresDatabase(server)
    await sql(
      'CREATE TABLE parent (id integer PRIMARY KEY)',
      'CREATE TABLE child (id serial PRIMARY KEY, parent_id integer REFERENCES parent, note text)',
      'INSERT INTO parent SELECT n FROM generate_series(1, 100) n',
      `INSERT INTO child (parent_id, note) SELECT 1 + n % 100, repeat('x', 200) FROM generate_series(1, 2000) n`,
      'CREATE INDEX child_note ON child (note)',
      'CREATE INDEX child_note_again ON child (note)',
      'ALTER TABLE child SET (autovacuum_enabled = off)',
      'ANALYZE',
      'CREATE SCHEMA bascule',
    )
    await withPostgres(database.url, (client) => recordStructure(client, 'public'))
  })
  afterAll(() => database.drop())

  it('knows every panel of a healthy database, and finds nothing grave', async () => {
    const report = await read({})
    const unknown = Object.entries(report.panels).filter(([, panel]) => panel.status === 'unknown')
    expect(unknown).toEqual([])
    // The servers of these tests are made fast at the price of their data, which is found out.
    const grave = report.checks.filter(({ level }) => level === 'critical' || level === 'warning')
    expect(grave.map(({ code, items }) => [code, items.map(({ subject }) => subject)])).toEqual([
      ['unsafe-setting', ['fsync', 'full_page_writes', 'synchronous_commit']],
    ])
    const tables = panelOf(report, 'tables')
    expect(tables.map(({ table }) => table)).toEqual(['child', 'parent'])
    expect(tables[0]).toMatchObject({ rows: 2000 })
    expect(panelOf(report, 'indexes').map(({ index }) => index)).toEqual(
      expect.arrayContaining(['child_note', 'child_pkey', 'parent_pkey']),
    )
  })

  it('finds a foreign key without an index, and the button makes one', async () => {
    const before = checkOf(await read(), 'foreign-key-unindexed')
    expect(before).toMatchObject({ level: 'warning', count: 1 })
    expect(before.items[0]).toMatchObject({ subject: 'child (parent_id)', params: { references: 'parent' } })
    await press(before, 'child (parent_id)')
    expect(checkOf(await read(), 'foreign-key-unindexed').level).toBe('ok')
  })

  it('finds doubles of an index: one that the model wants has no button, another has, and it is dropped', async () => {
    await sql('CREATE INDEX child_note_thrice ON child (note)')
    const check = checkOf(await read(), 'index-duplicate')
    expect(check.items.map(({ subject, wording, action }) => [subject, wording, action === null])).toEqual([
      ['child_note_again', 'model', true],
      ['child_note_thrice', 'item', false],
    ])
    await press(check, 'child_note_thrice')
    expect(checkOf(await read(), 'index-duplicate').items.map(({ subject }) => subject)).toEqual(['child_note_again'])
  })

  it('finds an index whose columns a longer one begins with, and drops it; what enforces something or differs stays', async () => {
    await sql(
      'CREATE TABLE wide (id integer PRIMARY KEY, a text, b text, c text)',
      'CREATE INDEX wide_a ON wide (a)',
      'CREATE INDEX wide_a_b ON wide (a, b)',
      'CREATE UNIQUE INDEX wide_b ON wide (b)',
      'CREATE INDEX wide_b_c ON wide (b, c)',
      'CREATE INDEX wide_c_falling ON wide (c DESC)',
      'CREATE INDEX wide_c_b ON wide (c, b)',
      'CREATE INDEX wide_c_some ON wide (c) WHERE c IS NOT NULL',
      'CREATE INDEX wide_a_pattern ON wide (a text_pattern_ops)',
    )
    const check = checkOf(await read(), 'index-covered')
    expect(check.items.map(({ subject, params }) => [subject, params.of])).toEqual([['wide_a', 'wide_a_b']])
    await press(check, 'wide_a')
    expect(checkOf(await read(), 'index-covered').level).toBe('ok')
    await sql('DROP TABLE wide')
  })

  it('drops nothing that is valid and no double, whatever it is asked', async () => {
    const request = { operation: 'drop-index' as const, targets: ['child_pkey'] }
    await expect(maintain(source(), undefined as never, request, ignore, never)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    const injected = { operation: 'vacuum' as const, targets: ['child"; DROP TABLE parent; --'] }
    await expect(maintain(source(), undefined as never, injected, ignore, never)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('misses an index that is on record, and makes it again', async () => {
    await sql('DROP INDEX child_note')
    const check = checkOf(await read(), 'index-expected-missing')
    // The other one does the same, and so nothing is missing until that one is gone too.
    expect(check.level).toBe('ok')
    await sql('DROP INDEX child_note_again')
    const missing = checkOf(await read(), 'index-expected-missing')
    expect(missing.items.map(({ subject }) => subject)).toEqual(['child_note', 'child_note_again'])
    await press(missing, 'child_note')
    expect(checkOf(await read(), 'index-expected-missing').level).toBe('ok')
  })

  it('finds an invalid index that a cancelled rebuild left, and the button takes it away', async () => {
    await sql(
      'CREATE INDEX child_note_ccnew ON child (note)',
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'child_note_ccnew'::regclass`,
    )
    const check = checkOf(await read(), 'index-invalid')
    expect(check.items).toMatchObject([{ subject: 'child_note_ccnew', wording: 'leftover' }])
    await press(check, 'child_note_ccnew')
    expect(checkOf(await read(), 'index-invalid').level).toBe('ok')
  })

  it('finds an invalid index of the app’s own, and the button builds it anew', async () => {
    await sql(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'child_note'::regclass`)
    const check = checkOf(await read(), 'index-invalid')
    expect(check).toMatchObject({ level: 'critical', items: [{ subject: 'child_note', wording: 'item' }] })
    await press(check, 'child_note')
    expect(checkOf(await read(), 'index-invalid').level).toBe('ok')
  })

  it('says that an index is unused only when the statistics are old enough to know', async () => {
    await sql('CREATE INDEX child_unused ON child (lower(note))')
    expect(checkOf(await read({ ...tiny, unusedAfterMs: 86_400_000 * 365 }), 'index-unused')).toMatchObject({
      level: 'unknown',
      reason: 'too-young',
    })
    const check = checkOf(await read(), 'index-unused')
    expect(check.items.map(({ subject }) => subject)).toContain('child_unused')
    expect(check.items.every(({ action }) => action === null)).toBe(true)
    await sql('DROP INDEX child_unused')
  })

  it('finds dead rows and waste, and VACUUM by the button mends the first', async () => {
    await sql('DELETE FROM child WHERE id % 2 = 0', 'ANALYZE child')
    await vi.waitFor(
      async () => {
        const report = await read()
        expect(checkOf(report, 'dead-rows').items).toMatchObject([{ subject: 'child', wording: 'never' }])
        expect(checkOf(report, 'bloat').items).toMatchObject([{ subject: 'child' }])
      },
      { timeout: 30_000, interval: 200 },
    )
    await press(checkOf(await read(), 'dead-rows'), 'child')
    await vi.waitFor(async () => expect(checkOf(await read(), 'dead-rows').level).toBe('ok'), { timeout: 30_000, interval: 200 })
    expect(panelOf(await read(), 'tables').find(({ table }) => table === 'child')?.lastVacuumAt).not.toBeNull()
  })

  it('finds a sequence near the end of its column, and one near its own end that is widened by the button', async () => {
    await sql(
      `SELECT setval('child_id_seq', 2000000000)`,
      'CREATE TABLE counted (id bigint PRIMARY KEY)',
      'CREATE SEQUENCE counted_seq AS integer OWNED BY counted.id',
      `SELECT setval('counted_seq', 2147483000)`,
    )
    const check = checkOf(await read(), 'sequence-near-end')
    expect(check.items).toMatchObject([
      { subject: 'counted_seq', wording: 'item', level: 'critical' },
      { subject: 'child_id_seq', wording: 'column', level: 'critical', action: null },
    ])
    await press(check, 'counted_seq')
    expect(checkOf(await read(), 'sequence-near-end').items.map(({ subject }) => subject)).toEqual(['child_id_seq'])
  })

  it('finds the age of transactions when it counts', async () => {
    expect(checkOf(await read({ transactionAgeWarning: 1, transactionAgeCritical: 2 }), 'transaction-age')).toMatchObject({
      level: 'critical',
      action: { kind: 'maintain', request: { operation: 'freeze' } },
    })
  })

  it('finds who holds up whom as a chain, masks what they say, and ends the one at its head', async () => {
    const [head, middle, last] = await Promise.all([connect(database.url), connect(database.url), connect(database.url)])
    try {
      await head.query('BEGIN')
      await head.query(`UPDATE parent SET id = id WHERE id = 1 AND 'secret' = 'secret'`)
      const waiting = [
        middle.query('BEGIN; LOCK TABLE parent IN ACCESS EXCLUSIVE MODE; ROLLBACK'),
        vi
          .waitFor(async () => expect(await waits(database.url)).toBe(1), { timeout: 30_000 })
          .then(() => last.query('SELECT count(*) FROM parent')),
      ]
      await vi.waitFor(async () => expect(await waits(database.url)).toBe(2), { timeout: 30_000 })
      const report = await read()
      const check = checkOf(report, 'blocked-sessions')
      expect(check).toMatchObject({ count: 1, items: [{ params: { waiting: 2 }, action: { kind: 'session' } }] })
      const idle = checkOf(report, 'idle-in-transaction')
      expect(idle.items[0]?.subject).toBe(check.items[0]?.subject)
      // A locked table does not take the panels along.
      expect(panelOf(report, 'tables').map(({ table }) => table)).toContain('parent')
      expect(panelOf(report, 'indexes').map(({ index }) => index)).toContain('parent_pkey')
      expect(JSON.stringify(report)).not.toContain('secret')
      const action = check.items[0]?.action
      if (action?.kind !== 'session') throw new Error('no button')
      const wrong = { pid: action.pid, startedAt: '2001-01-01 00:00:00+00', how: 'terminate' } as const
      await expect(endSession(database.url, wrong, false)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await endSession(database.url, { pid: action.pid, startedAt: action.startedAt, how: 'terminate' }, false)
      await Promise.all(waiting)
      await vi.waitFor(async () => expect(checkOf(await read(), 'blocked-sessions').level).toBe('ok'), { timeout: 30_000 })
    } finally {
      for (const client of [head, middle, last]) await client.end().catch(() => undefined)
    }
  })

  it('does not end a session of our own without being told to', async () => {
    const ours = await connect(database.url, 'bascule migration')
    try {
      const session = panelOf(await read(), 'activity').sessions.find(({ owner }) => owner === 'bascule')
      if (!session) throw new Error('not seen')
      const request = { pid: session.pid, startedAt: session.startedAt, how: 'terminate' } as const
      await expect(endSession(database.url, request, false)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
      expect(await endSession(database.url, request, true)).toMatchObject({ application: 'bascule migration' })
    } finally {
      await ours.end().catch(() => undefined)
    }
  })

  it('says what a role with few rights may not see, and judges the rest', async () => {
    const role = `few_${process.pid}_${server.major}`
    await sql(`CREATE ROLE ${role} LOGIN PASSWORD 'few'`, `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`)
    const other = await connect(database.url)
    try {
      const url = new URL(database.url)
      url.username = role
      url.password = 'few'
      const report = healthReportSchema.parse(await readHealth({ engine: 'postgresql', url: url.href }, { thresholds: tiny }))
      expect(checkOf(report, 'limited-role')).toMatchObject({ level: 'info', params: { role } })
      expect(checkOf(report, 'slow-statements')).toMatchObject({ level: 'unknown', reason: 'no-right' })
      expect(panelOf(report, 'tables').length).toBeGreaterThan(0)
      expect(panelOf(report, 'sequences').every(({ isReadable }) => !isReadable)).toBe(true)
      const hidden = panelOf(report, 'activity').sessions
      expect(hidden.length).toBeGreaterThan(0)
      expect(hidden.every(({ statement }) => statement === null)).toBe(true)
    } finally {
      await other.end()
      await sql(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`)
    }
  })

  it('leaves each panel unknown that has no time, and says so', async () => {
    const report = await readHealth(source(), { panelTimeoutMs: 1 })
    const unknown = Object.values(report.panels).filter((panel) => panel.status === 'unknown')
    for (const panel of unknown) expect(panel).toMatchObject({ reason: 'timeout' })
    expect(healthReportSchema.parse(report).checks.length).toBeGreaterThan(15)
  })
})

function panelOf<K extends keyof PostgresPanels>(report: HealthReport, name: K): DataOf<K> {
  if (report.engine !== 'postgresql') throw new Error('not PostgreSQL')
  const panel: Panel<unknown> = report.panels[name]
  if (panel.status !== 'known') throw new Error(`${name} is not known: ${panel.reason}, ${panel.message}`)
  // The data of this very panel, which TypeScript does not follow through the key.
  return panel.data as DataOf<K>
}
type DataOf<K extends keyof PostgresPanels> = Extract<PostgresPanels[K], { status: 'known' }>['data']

function checkOf(report: HealthReport, code: CheckCode): HealthCheck {
  const check = report.checks.find((candidate) => candidate.code === code)
  if (!check) throw new Error(`no check ${code}`)
  return check
}

async function connect(url: string, application = 'a test'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: application })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Sessions that wait for a lock. */
async function waits(url: string): Promise<number> {
  return withPostgres(url, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    return rows[0]?.n ?? 0
  })
}
