import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import type { ProgressEvent } from '@/lib/core/progress'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { cutOver } from '../cut-over'
import { discardCopy } from '../discard-copy'
import { migrateDatabase } from '../migrate-database'
import { checksum, choose, family, killInSchema, migrate, optionsOf, rowsOf, writeHistory } from '../testing/repaired-migration'

const signal = new AbortController().signal

describe.each([...inject('postgresServers')])('repairs by choice on $name', (server) => {
  it('leaves out rows that refer to nothing, and those that then do, and says which; the source stays as it is', async () => {
    await using source = await createSqliteDatabase(family)
    await using target = await createPostgresDatabase(server)
    const before = await checksum(source.path)
    const refused = await migrate(source, target, [])
    expect(refused.error?.code).toBe('VALUE_REFUSED')
    expect(refused.findings.find(({ table }) => table === 'comment')).toMatchObject({
      severity: 'blocks',
      kind: 'orphans',
      choices: [{ choice: 'delete' }],
    })
    expect(refused.findings.find(({ table }) => table === 'post')?.choices.map(({ choice }) => choice)).toEqual(['null', 'delete'])

    const result = await migrate(source, target, [choose('orphans', 'delete')])
    expect(result.error).toBeUndefined()
    // One row is an orphan of the source; the others with `followed` lost what they refer to by the repairs.
    expect(result.repairs.map(({ table, column, keys, followed }) => [table, column, keys, followed])).toEqual([
      ['comment', 'post', [{ id: '9' }, { id: '1' }], 1],
      ['post', 'author', [{ id: 'p2' }], 0],
      ['comment', 'answers', [{ id: '2' }], 1],
      ['seen', 'comment', [{ comment: '1', who: 'ann' }], 1],
    ])
    expect(result.findings.filter(({ severity }) => severity === 'repaired').map(({ chosen }) => chosen)).toEqual(['delete', 'delete'])
    expect(result.tables.find(({ table }) => table === 'comment')).toMatchObject({ sourceRows: 4, targetRows: 1, leftOut: 3 })
    expect(await checksum(source.path)).toBe(before)
    expect(await rowsOf(target, 'SELECT id FROM comment')).toEqual([{ id: 3 }])

    const proof = await verifyDatabases({ sourcePath: source.path, targetUrl: target.url }, () => undefined, signal)
    expect(proof.status).toBe('succeeded')
    expect(proof.tables.find(({ table }) => table === 'comment')).toMatchObject({
      differencesTotal: 3,
      expected: { 'repaired-by-choice': 3 },
    })
    await withPostgres(target.url, (client) => client.query('DELETE FROM seen; DELETE FROM comment'))
    const tampered = await verifyDatabases({ sourcePath: source.path, targetUrl: target.url }, () => undefined, signal)
    expect(tampered.tables.find(({ table }) => table === 'comment')).toMatchObject({
      differencesTotal: 4,
      expected: { 'repaired-by-choice': 3 },
    })
    expect(tampered.status).toBe('failed')
  })

  it('repairs each kind of value as chosen, and the comparison knows it from a value that was changed later', async () => {
    await using source = await createSqliteDatabase(values)
    await using target = await createPostgresDatabase(server)
    const model = await writeHistory(source.folder, valuesOnPostgres)
    const before = await checksum(source.path)
    const result = await migrate(source, target, allValueChoices, { model })
    expect(result.error).toBeUndefined()
    expect(await checksum(source.path)).toBe(before)
    expect(await rowsOf(target, 'SELECT * FROM v ORDER BY id')).toEqual([
      {
        id: 1,
        qty: null,
        big: 7,
        flag: true,
        ratio: null,
        price: '1.01',
        amount: null,
        day: new Date('2024-03-01T00:00:00Z'),
        at: null,
        jd: new Date('2024-03-01T18:00:00Z'),
        note: 'ab',
        latin: 'café',
        short: 'abc',
        state: 'draft',
        code: null,
        raw: null,
        doc: 'not json',
        esc: { a: 'xy' },
        must: 'none',
      },
      { id: 2, ...clean },
    ])
    expect(result.repairs.map(({ kind, choice, column, rows }) => `${column} ${kind}=${choice} ${rows}`).sort()).toEqual([
      'amount decimals=null 1',
      'at dates=null 1',
      'big integers-range=default 1',
      'code uuid=null 1',
      'day dates-precision=cut 1',
      'doc json=string 1',
      'esc json=strip 1',
      'flag booleans=words 1',
      'id null-key=delete 1',
      'jd julian=convert 1',
      'latin utf8=latin1 1',
      'must required=default 1',
      'note nul=strip 1',
      'price rounding=round 1',
      'qty integers=null 1',
      'ratio floats=null 1',
      'raw bytes=null 1',
      'short length=truncate 1',
      'state enum=default 1',
    ])

    const list = result.repairList
    const csv = await readFile(list?.path ?? '')
    expect(createHash('sha256').update(csv).digest('hex')).toBe(list?.sha256)
    expect(csv.toString().trimEnd().split('\r\n')).toHaveLength(1 + 19)
    expect(csv.toString()).toContain('v,note,changed,nul=strip,NUL_IN_TEXT,"{""id"":""1""}","text, 3 characters"')
    expect((await stat(list?.path ?? '')).mode & 0o777).toBe(0o600)

    const verify = () => verifyDatabases({ sourcePath: source.path, targetUrl: target.url }, () => undefined, signal)
    const proof = await verify()
    expect(proof.tables.map(({ differencesTotal, expected }) => differencesTotal - (expected?.['repaired-by-choice'] ?? 0))).toEqual([0, 0])
    expect(proof.status).toBe('succeeded')
    await withPostgres(target.url, (client) => client.query(`UPDATE v SET note = 'other' WHERE id = 1`))
    const faults = (await verify()).tables.flatMap(({ differences }) => differences.filter(({ because }) => because === undefined))
    expect(faults).toEqual([{ key: { id: '1' }, column: 'note', kind: 'value-differs' }])
  })

  it('knows the repaired rows of a table without a key by what they hold', async () => {
    await using source = await createSqliteDatabase(`
      PRAGMA foreign_keys = OFF; CREATE TABLE parent (id INTEGER PRIMARY KEY); INSERT INTO parent VALUES (1);
      CREATE TABLE entry (parent INTEGER REFERENCES parent, note TEXT);
      INSERT INTO entry VALUES (1, 'a'), (2, 'twice'), (2, 'twice'), (NULL, 'c'), (3, 'n' || char(0))`)
    await using target = await createPostgresDatabase(server)
    const model = await writeHistory(
      source.folder,
      'CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE entry (parent int REFERENCES parent, note text)',
    )
    const result = await migrate(source, target, [choose('orphans', 'null'), choose('nul', 'replace')], { model })
    expect(result.error).toBeUndefined()
    expect(result.repairs.find(({ kind }) => kind === 'orphans')?.keys).toEqual([{ rowid: '2' }, { rowid: '3' }, { rowid: '5' }])
    const verify = () => verifyDatabases({ sourcePath: source.path, targetUrl: target.url }, () => undefined, signal)
    expect(await verify()).toMatchObject({ status: 'succeeded' })
    await withPostgres(target.url, (client) => client.query(`UPDATE entry SET note = 'x' WHERE note = 'twice'`))
    const tampered = (await verify()).tables.find(({ table }) => table === 'entry')
    expect(tampered).toMatchObject({ differencesTotal: 6, expected: { 'repaired-by-choice': 4 } })
  })
})

describe('choices', () => {
  const server = inject('postgresServers')[0] ?? { url: '' }

  it('are refused where they are not possible, with what is; nothing is written', async () => {
    await using source = await createSqliteDatabase(family)
    await using target = await createPostgresDatabase(server)
    const refused = await migrate(source, target, [choose('orphans', 'null')])
    expect(refused.error).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('orphans=null is not possible for comment.post'),
    })
    expect(refused.error?.hint).toContain('orphans=delete:comment.post')
    expect(refused.findings.flatMap(({ table, severity, choices }) => (severity === 'blocks' ? [[table, choices.length]] : []))).toEqual([
      ['comment', 1],
      ['post', 2],
    ])
    const unknown = await migrate(source, target, [choose('orphans', 'delete', 'coment')])
    expect(unknown.error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('coment') })
    const twice = await migrate(source, target, [choose('orphans', 'delete'), choose('orphans', 'null')])
    expect(twice.error?.message).toContain('two choices')
    expect(await rowsOf(target, `SELECT nspname FROM pg_namespace WHERE nspname = 'bascule'`)).toEqual([])
  })

  it('count for the narrowest place that they name', async () => {
    await using source = await createSqliteDatabase(family)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(source, target, [choose('orphans', 'null', 'post.author'), choose('orphans', 'delete')])
    expect(result.error).toBeUndefined()
    expect(await rowsOf(target, 'SELECT id, author FROM post ORDER BY id')).toEqual([
      { id: 'p1', author: 1 },
      { id: 'p2', author: null },
    ])
    expect(await rowsOf(target, 'SELECT id FROM comment ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
  })

  it('that leave something behind end the migration before anything is written on the target', async () => {
    await using source = await createSqliteDatabase(family)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(source, target, [choose('orphans', 'delete', 'post'), choose('orphans', 'delete', 'comment')])
    expect(result.error).toMatchObject({ code: 'VALUE_REFUSED', message: expect.stringContaining('After the repairs') })
    expect(await rowsOf(target, `SELECT nspname FROM pg_namespace WHERE nspname = 'bascule'`)).toEqual([])
    expect(await readdir(join(source.folder, 'work'))).toEqual([])
  })

  it('for a second fault of the same value are named when they are missing, and are taken one after the other', async () => {
    await using source = await createSqliteDatabase(`CREATE TABLE t (id INTEGER PRIMARY KEY, note TEXT);
      INSERT INTO t VALUES (1, 'fine'), (2, CAST(x'ff006b' AS TEXT));`)
    await using target = await createPostgresDatabase(server)
    const half = await migrate(source, target, [choose('utf8', 'latin1')])
    expect(half.error).toMatchObject({ code: 'VALUE_REFUSED', hint: expect.stringMatching(/--fix nul=strip or --fix nul=replace/) })
    const whole = await migrate(source, target, [choose('utf8', 'latin1'), choose('nul', 'strip')])
    expect(whole.error).toBeUndefined()
    expect(await rowsOf(target, 'SELECT note FROM t ORDER BY id')).toEqual([{ note: 'fine' }, { note: 'ÿk' }])
  })

  it('are not offered for a computed value; what it is computed from is named as the remedy', async () => {
    await using source = await createSqliteDatabase(`CREATE TABLE t (k TEXT PRIMARY KEY NOT NULL, d BLOB,
      g TEXT GENERATED ALWAYS AS (upper(d)) STORED) WITHOUT ROWID; INSERT INTO t (k, d) VALUES ('a', x'610062');`)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(source, target, [])
    const found = result.findings.filter(({ severity }) => severity === 'blocks')
    expect(found).toMatchObject([{ code: 'NUL_IN_TEXT', column: 'g', choices: [], hint: expect.stringContaining('computed from') }])
    const chosen = await migrate(source, target, [choose('nul', 'strip')])
    expect(chosen.error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('not possible for t.g') })
  })

  it('are rehearsed by a dry run, which leaves no file', async () => {
    await using source = await createSqliteDatabase(family)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(source, target, [choose('orphans', 'delete')], { dryRun: true })
    expect(result.error).toBeUndefined()
    expect(result.repairs.reduce((sum, { rows }) => sum + rows, 0)).toBe(5)
    expect(result.repairList).toBeNull()
    expect(await readdir(join(source.folder, 'work'))).toEqual([])
  })

  it('go with the copy when it is discarded, and the list with them', async () => {
    await using source = await createSqliteDatabase(family)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(source, target, [choose('orphans', 'delete')])
    const workDir = join(source.folder, 'work')
    expect((await readdir(workDir)).filter((name) => name.startsWith('repaired-copy'))).toEqual([])
    await discardCopy({ sourcePath: source.path, targetUrl: target.url, jobId: `job-${target.name}`, workDir }, () => undefined, signal)
    expect(result.repairList?.rows).toBe(5)
    expect(await readdir(workDir)).toEqual([])
  })

  it('are expected by the switch, which counts both sides once more', async () => {
    await using source = await createSqliteDatabase(family)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(source, target, [choose('orphans', 'delete')], { fenceSource: true })
    expect(result.tables.find(({ table }) => table === 'comment')).toMatchObject({
      sourceRows: 4,
      targetRows: 1,
      leftOut: 3,
      content: 'unknown',
    })
    const jobId = `job-${target.name}`
    const flips: string[] = []
    await cutOver(
      { sourcePath: source.path, targetUrl: target.url, jobId },
      async () => void flips.push('over'),
      () => undefined,
      signal,
    )
    expect(flips).toEqual(['over'])
  })

  it('hold for a migration that goes on after it was killed; with other choices it begins anew', async () => {
    await using source = await createSqliteDatabase(family)
    await using target = await createPostgresDatabase(server)
    const choices = [choose('orphans', 'delete')]
    await killInSchema(optionsOf(source, target, choices))
    const phases: ProgressEvent[] = []
    const result = await migrateDatabase(optionsOf(source, target, choices), (event) => void phases.push(event), signal)
    expect(result.error).toBeUndefined()
    expect(phases).toContainEqual(
      expect.objectContaining({ phase: 'checks', status: 'succeeded', facts: expect.objectContaining({ resumed: true }) }),
    )
    expect(result.repairs.reduce((sum, { rows }) => sum + rows, 0)).toBe(5)
    expect(await verifyDatabases({ sourcePath: source.path, targetUrl: target.url }, () => undefined, signal)).toMatchObject({
      status: 'succeeded',
    })

    await using other = await createPostgresDatabase(server)
    await killInSchema(optionsOf(source, other, choices))
    const anew = await migrate(source, other, [choose('orphans', 'null', 'post.author'), choose('orphans', 'delete')])
    expect(anew.error).toBeUndefined()
    expect(await rowsOf(other, 'SELECT id FROM post')).toHaveLength(2)
  })

  it('give a reference the spelling of the row that it finds', async () => {
    await using source = await createSqliteDatabase(`
      CREATE TABLE tag (name TEXT NOT NULL PRIMARY KEY COLLATE NOCASE); INSERT INTO tag VALUES ('Abc');
      CREATE TABLE post (id INTEGER PRIMARY KEY, tag TEXT REFERENCES tag (name)); INSERT INTO post VALUES (1, 'Abc'), (7, 'ABC')`)
    await using target = await createPostgresDatabase(server)
    const result = await migrate(source, target, [choose('reference-case', 'respell')])
    expect(result.repairs).toMatchObject([{ kind: 'reference-case', column: 'tag', keys: [{ id: '7' }] }])
    expect(await rowsOf(target, 'SELECT tag FROM post')).toEqual([{ tag: 'Abc' }, { tag: 'Abc' }])
  })
})

const values = `
  CREATE TABLE v (id INTEGER PRIMARY KEY, qty INT, big INT DEFAULT 7, flag BOOLEAN, ratio REAL, price DECIMAL, amount DECIMAL, day DATETIME,
    at DATETIME, jd DATETIME, note TEXT, latin TEXT, short TEXT, state TEXT DEFAULT 'draft', code TEXT, raw BLOB, doc TEXT, esc TEXT, must TEXT DEFAULT 'none');
  CREATE TABLE k (id TEXT PRIMARY KEY, name TEXT);
  INSERT INTO k VALUES (NULL, 'nobody'), ('a', 'somebody');
  INSERT INTO v VALUES (1, 'abc', 9000000000, 'Yes', 'x', 1.005, 'much', '2024-03-01 10:00:00', 'soon', 2460371.25, 'a' || char(0) || 'b',
    CAST(x'636166e9' AS TEXT), 'abcdef', 'gone', 'no uuid', 5, 'not json', '{"a":"x\\u0000y"}', NULL),
    (2, 1, 2, 1, 0.5, 1.5, 2, '2024-03-01T00:00:00.000+00:00', '2024-03-01T10:00:00.000+00:00', '2024-03-01T12:00:00.000+00:00', 'n', 'l', 's', 'open',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', x'01', '{}', '[]', 'm');`

const valuesOnPostgres = `
  CREATE TYPE state AS ENUM ('draft', 'open');
  CREATE TABLE k (id text PRIMARY KEY, name text);
  CREATE TABLE v (id int PRIMARY KEY, qty int, big int DEFAULT 7, flag boolean, ratio double precision, price numeric(10,2), amount numeric(10,2), day date,
    at timestamp(3), jd timestamptz, note text, latin text, short varchar(3), state state DEFAULT 'draft', code uuid, raw bytea, doc jsonb, esc jsonb,
    must text NOT NULL DEFAULT 'none');`

const clean = {
  qty: 1,
  big: 2,
  flag: true,
  ratio: 0.5,
  price: '1.50',
  amount: '2.00',
  day: new Date('2024-03-01T00:00:00Z'),
  at: new Date('2024-03-01T10:00:00Z'),
  jd: new Date('2024-03-01T12:00:00Z'),
  note: 'n',
  latin: 'l',
  short: 's',
  state: 'open',
  code: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  raw: Buffer.from([1]),
  doc: {},
  esc: [],
  must: 'm',
}

const allValueChoices = [
  choose('null-key', 'delete'),
  choose('integers', 'null'),
  choose('integers-range', 'default'),
  choose('booleans', 'words'),
  choose('floats', 'null'),
  choose('rounding', 'round'),
  choose('decimals', 'null'),
  choose('dates-precision', 'cut'),
  choose('dates', 'null'),
  choose('julian', 'convert'),
  choose('nul', 'strip'),
  choose('utf8', 'latin1'),
  choose('length', 'truncate'),
  choose('enum', 'default'),
  choose('uuid', 'null'),
  choose('bytes', 'null'),
  choose('json', 'string', 'v.doc'),
  choose('json', 'strip', 'v.esc'),
  choose('required', 'default'),
]
