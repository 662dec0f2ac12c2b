import { describe, expect, inject, it } from 'vitest'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { withPostgres } from '@/tests/support/postgres-databases'
import { isUntouched, migrateWhole, refusals } from './whole-migration'

/** Columns of databases without a model: the declared type if the values bear it out, a wider one only where nothing is lost. */
describe.each([...inject('postgresServers')])('a database without a model, on $name', (server) => {
  it('keeps the microseconds that other programs write, and proves them', async () => {
    await using moved = await migrateWhole(
      server,
      `CREATE TABLE t (at DATETIME PRIMARY KEY, seen TIMESTAMP, made DATETIME DEFAULT CURRENT_TIMESTAMP, day DATE) WITHOUT ROWID;
       INSERT INTO t VALUES ('2024-03-01 10:00:00.123456', '1969-12-31 23:59:59.999999+00:00', '2024-03-01 10:00:00', '2024-03-01'),
         ('2024-03-01 10:00:00.123457', '2024-03-01T10:00:00.123Z', NULL, NULL), ('2024-03-01 10:00:00', 1709287200123, NULL, NULL)`,
    )
    expect(moved.result.findings).toEqual([])
    const types = `SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum`
    const [at, made, day] = ['timestamp(6) without time zone', 'timestamp(3) without time zone', 'date']
    expect((await moved.rows(types)).flat()).toEqual([at, at, made, day])
    expect(await moved.rows('SELECT at, seen FROM t ORDER BY at')).toEqual([
      ['2024-03-01 10:00:00', '2024-03-01 10:00:00.123'],
      ['2024-03-01 10:00:00.123456', '1969-12-31 23:59:59.999999'],
      ['2024-03-01 10:00:00.123457', '2024-03-01 10:00:00.123'],
    ])
    const verify = () =>
      verifyDatabases({ sourcePath: moved.source.path, targetUrl: moved.target.url }, () => undefined, new AbortController().signal)
    expect((await verify()).tables.map(({ content }) => content)).toEqual(['identical'])
    await moved.rows(`UPDATE t SET seen = seen + interval '1 microsecond' WHERE made IS NOT NULL`)
    expect((await verify()).tables[0]?.differences).toEqual([
      { key: { at: '2024-03-01 10:00:00.123 and 456 microseconds' }, column: 'seen', kind: 'value-differs' },
    ])
  })

  it('takes the declared type, or a wider one that keeps every value as it is, and names the rows that asked for it', async () => {
    await using moved = await migrateWhole(
      server,
      `CREATE TABLE t (id INTEGER PRIMARY KEY, i INTEGER, n NUMERIC(10,2), f FLOAT, tm TIME, u UUID, j JSON, b BLOB, d DATETIME, y BOOLEAN, tx TEXT, bx TEXT, jb JSONB, v VARCHAR(3), bt BLOB, dd DATETIME DEFAULT 9223372036854775807, cd TIMESTAMP, tk DATETIME);
       INSERT INTO t VALUES (1, 5, 1.5, 1.5, '10:00', 'none', '{"a":"\\u0000"}', 'é', '7/4/1996', 'Y', x'c3a9', x'ff00', jsonb('[1]'), 'abcd', CAST(x'ff00' AS TEXT), NULL, 694224000.123456, 638433000000000001),
         (2, 'abc', 1.005, 9007199254740993, '11:30:00', NULL, '[1]', NULL, 'soon', 'N', 'text', NULL, '{}', 'a', 'é', NULL, 694224001, 0),
         (3, 1.5, 123456789012, 'x', NULL, NULL, NULL, NULL, NULL, NULL, NULL, x'', 7, NULL, NULL, NULL, NULL, 638433000000000002)`,
    )
    expect(moved.result.error).toBeUndefined()
    const types = await moved.rows(
      `SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 1 ORDER BY attnum`,
    )
    expect(Object.fromEntries(types)).toEqual({
      i: 'text',
      n: 'numeric',
      f: 'text',
      tm: 'text',
      u: 'text',
      j: 'json',
      b: 'text',
      d: 'text',
      y: 'text',
      tx: 'text',
      bx: 'bytea',
      jb: 'jsonb',
      v: 'text',
      // Declared to hold bytes, and not all of its texts are texts: they arrive as their bytes.
      bt: 'bytea',
      dd: 'timestamp(3) without time zone',
      // Seconds with a fraction (Core Data): as milliseconds they would lose it.
      cd: 'double precision',
      // Ticks of .NET: most are no instants in milliseconds.
      tk: 'bigint',
    })
    expect(await moved.rows('SELECT * FROM t ORDER BY id')).toEqual([
      [
        '1',
        '5',
        '1.5',
        '1.5',
        '10:00',
        'none',
        '{"a":"\\u0000"}',
        'é',
        '7/4/1996',
        'Y',
        'é',
        '\\xff00',
        '[1]',
        'abcd',
        '\\xff00',
        null,
        '694224000.123456',
        '638433000000000001',
      ],
      [
        '2',
        'abc',
        '1.005',
        '9007199254740992',
        '11:30:00',
        null,
        '[1]',
        null,
        'soon',
        'N',
        'text',
        null,
        '{}',
        'a',
        '\\xc3a9',
        null,
        '694224001',
        '0',
      ],
      ['3', '1.5', '123456789012', 'x', null, null, null, null, null, null, null, '\\x', '7', null, null, null, null, '638433000000000002'],
    ])
    const widened = moved.result.findings.filter(({ code }) => code === 'COLUMN_WIDENED')
    expect(widened.map(({ column, key, count }) => [column, key, count])).toEqual([
      ['i', { id: '2' }, 1],
      ['n', { id: '2' }, 1],
      ['f', { id: '3' }, 1],
      ['tm', { id: '1' }, 2],
      ['u', { id: '1' }, 1],
      ['j', { id: '1' }, 1],
      ['b', { id: '1' }, 1],
      ['d', { id: '1' }, 2],
      ['y', { id: '1' }, 2],
      ['bx', { id: '1' }, 1],
      ['v', { id: '1' }, 1],
      ['bt', { id: '1' }, 1],
      ['cd', { id: '1' }, 1],
      ['tk', { id: '1' }, 2],
    ])
    // A moment beyond every date.
    const left = moved.result.findings.filter(({ code }) => code === 'DEFAULT_LEFT_BEHIND')
    expect(left.map(({ column }) => column)).toEqual(['dd'])
  })

  it('keeps numbers in a BOOLEAN that are neither true nor false, and rows without a key', async () => {
    await using moved = await migrateWhole(
      server,
      `CREATE TABLE flag (id INTEGER PRIMARY KEY, b BOOLEAN, f BOOL, ok BOOLEAN); INSERT INTO flag VALUES (1, 2, 0.5, 1), (2, 1, 1, 0), (3, -1, NULL, NULL);
       CREATE TABLE history (id SERIAL PRIMARY KEY, hash TEXT NOT NULL); INSERT INTO history (hash) VALUES ('a'), ('b');
       CREATE TABLE sometimes (id INT PRIMARY KEY, v); INSERT INTO sometimes VALUES (1, 'a')`,
    )
    expect(moved.result.error).toBeUndefined()
    expect(await moved.rows('SELECT * FROM flag ORDER BY id')).toEqual([
      ['1', '2', '0.5', 't'],
      ['2', '1', '1', 'f'],
      ['3', '-1', null, null],
    ])
    expect(await moved.rows('SELECT * FROM history ORDER BY hash')).toEqual([
      [null, 'a'],
      [null, 'b'],
    ])
    expect(moved.result.findings.map(({ code, table, column, key, count }) => [code, table, column, key, count])).toEqual([
      ['COLUMN_WIDENED', 'flag', 'b', { id: '1' }, 2],
      ['COLUMN_WIDENED', 'flag', 'f', { id: '1' }, 1],
      ['KEY_HAS_NULLS', 'history', 'id', null, 2],
    ])
    await withPostgres(moved.target.url, async (client) => {
      await client.query(`INSERT INTO history VALUES (1, 'c')`)
      await expect(client.query(`INSERT INTO history VALUES (1, 'd')`)).rejects.toThrow(/unique/)
      await client.query('DELETE FROM history WHERE id = 1')
    })
    const proof = await verifyDatabases(
      { sourcePath: moved.source.path, targetUrl: moved.target.url },
      () => undefined,
      new AbortController().signal,
    )
    expect(proof.tables.map(({ table, content }) => `${table} ${content}`)).toEqual([
      'flag identical',
      'history identical',
      'sometimes identical',
    ])
    expect(proof.status).toBe('succeeded')
  })

  it('refuses a value that only a loss of meaning could keep, with its row', async () => {
    await using refused = await migrateWhole(
      server,
      `CREATE TABLE t (id INTEGER PRIMARY KEY, ms DATETIME, some DATETIME, day DATE, y BOOLEAN, nul TEXT, bad TEXT, mixed TEXT, raw BLOB, untyped);
       INSERT INTO t VALUES (1, 1709287200123, '2024-03-01', '2024-03-01', 1, 'a', 'a', 'text', x'01', x'ff'),
         (7, '', '0000-00-00', '2024-02-31T', 'yes', 'a'||char(0), CAST(x'ff' AS TEXT), x'ff00', 5, 1.5),
         (9, 2460371.25, NULL, NULL, 2, NULL, NULL, NULL, NULL, NULL)`,
    )
    expect(refusals(refused.result)).toEqual([
      'DATE_UNPARSABLE t.ms {"id":"7"} ×1',
      'DATE_JULIAN_DAY t.ms {"id":"9"} ×1',
      'DATE_UNPARSABLE t.some {"id":"7"} ×1',
      'DATE_UNPARSABLE t.day {"id":"7"} ×1',
      'BOOLEAN_UNKNOWN t.y {"id":"7"} ×1',
      'NUL_IN_TEXT t.nul {"id":"7"} ×1',
      'INVALID_UTF8 t.bad {"id":"7"} ×1',
      'INVALID_UTF8 t.mixed {"id":"7"} ×1',
      'BYTES_FROM_NUMBER t.raw {"id":"7"} ×1',
      'BYTES_FROM_NUMBER t.untyped {"id":"7"} ×1',
    ])
    expect(await isUntouched(refused)).toBe(true)
  })
})
