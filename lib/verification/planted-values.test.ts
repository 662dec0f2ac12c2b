import { describe, expect, inject, it } from 'vitest'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { everyKindSource, everyKindTarget } from './testing/every-kind'
import { verifyDatabases } from './verify-databases'

/** What each row of `Every kind` is changed to, on the target; all are as row 1 before. */
const plantedValues: readonly (readonly [what: string, column: string, value: string])[] = [
  ['a changed bit in a blob', 'bytes', `set_byte(bytes, 5, 254)`],
  ['a blob with its first byte doubled', 'bytes', `substring(bytes FOR 1) || bytes`],
  ['a blob become its own hex digits', 'bytes', `convert_to(encode(bytes, 'hex'), 'UTF8')`],
  ['a blob become empty', 'bytes', `''`],
  ['one second in a date', 'at', `at + interval '1 second'`],
  ['one millisecond in a date', 'at', `at + interval '1 millisecond'`],
  ['a time shifted by the session’s zone', 'at', `at + interval '1 hour'`],
  ['a date at the end of all dates', 'at', `'infinity'`],
  ['a day moved', 'day', `day + 1`],
  ['a trailing space', 'text', `text || ' '`],
  ['a leading byte order mark', 'text', String.raw`U&'\FEFF' || text`],
  ['a line feed become CR LF', 'text', String.raw`replace(text, E'\n', E'\r\n')`],
  ['a letter in another case', 'text', `upper(text)`],
  ['a space that does not break', 'text', String.raw`replace(text, ' ', U&'\00A0')`],
  ['a space without width', 'text', String.raw`replace(text, '🦊', '🦊' || U&'\200B')`],
  ['an accent more', 'text', String.raw`replace(text, '🦊', '🦊' || U&'\0301')`],
  ['a character from outside of the first plane lost', 'text', `replace(text, '🦊', '?')`],
  ['an escape become two characters', 'text', String.raw`replace(text, E'\t', '\t')`],
  ['a float off by one unit', 'real', `123456.78900000002`],
  ['a float become the nearest of single precision', 'real', `123456.789::real`],
  ['a float become NaN', 'real', `'NaN'`],
  ['a float become infinite', 'real', `'Infinity'`],
  ['a float with the other sign', 'real', `-real`],
  ['a JSON key changed', 'json', `'{"b":1,"A":[1,2.5,null,"x"],"long":12345678901234567890}'`],
  ['a JSON number changed beyond what a double holds', 'json', `'{"b":1,"a":[1,2.5,null,"x"],"long":12345678901234567891}'`],
  ['a JSON number become text', 'json', `'{"b":"1","a":[1,2.5,null,"x"],"long":12345678901234567890}'`],
  ['a JSON array in another order', 'json', `'{"b":1,"a":[2.5,1,null,"x"],"long":12345678901234567890}'`],
  ['a JSON null left out of an array', 'json', `'{"b":1,"a":[1,2.5,"x"],"long":12345678901234567890}'`],
  ['a JSON member more that is null', 'json', `json || '{"c": null}'`],
  ['a JSON member less', 'json', `json - 'b'`],
  ['a JSON text in another Unicode form', 'json', `jsonb_set(json, '{a,3}', '"x́"')`],
  ['JSON become a text that holds it', 'json', `to_jsonb(json::text)`],
  ['an integer beyond 2^53 off by one', 'large', `9007199254740992`],
  ['an integer off by 2^32', 'large', `large + 4294967296`],
  ['a small integer with the other sign', 'small', `-small`],
  ['a decimal off in its last digit', 'price', `1.100000000000000000000000000001`],
  ['a decimal become NaN', 'price', `'NaN'`],
  ['a boolean turned', 'flag', `false`],
  ['another enum label', 'kind', `'BLUE'`],
  ['another UUID', 'uuid', `'0e37df36-f698-11e6-8dd4-cb9ced3df977'`],
  ['a row that points to another parent', '"personId"', `'B'`],
  ['a value become NULL', 'small', `NULL`],
  ['a JSON value become NULL', 'json', `NULL`],
  ['a JSON value become JSON null', 'json', `'null'`],
]
/** Other forms of the same values, which Prisma reads as the same. */
const equalValues: readonly (readonly [what: string, column: string, value: string])[] = [
  ['JSON with its keys in another order, and spaces', 'json', `'{ "long": 12345678901234567890, "a": [1, 2.5, null, "x"], "b": 1 }'`],
  ['JSON with a key twice, the last of which counts', 'json', `'{"b":7,"a":[1,2.5,null,"x"],"long":12345678901234567890,"b":1}'`],
  ['JSON numbers in other forms', 'json', `'{"b":1.0,"a":[1e0,2.50,null,"x"],"long":12345678901234567890}'`],
  ['JSON text with escapes', 'json', String.raw`'{"b":1,"a":[1,2.5,null,"\u0078"],"long":12345678901234567890}'`],
  ['a decimal with zeros behind', 'price', `1.1000`],
  ['a UUID in capitals', 'uuid', `upper(uuid::text)::uuid`],
  ['a blob by its escapes', 'bytes', String.raw`'\000\134x41\377'::bytea`],
]
describe.each([...inject('postgresServers')])('values planted on $name', (server) => {
  it(`finds ${plantedValues.length} changed values, each by its key and column, and takes ${equalValues.length} other forms for the same`, async () => {
    const target = await createPostgresDatabase(server)
    const run = (sql: string) => withPostgres(target.url, (client) => client.query(sql))
    const everyKind = async (sourcePath: string) => {
      const never = new AbortController().signal
      const { tables } = await verifyDatabases({ sourcePath, targetUrl: target.url }, () => undefined, never)
      return tables.find(({ table }) => table === 'Every kind')
    }
    await run(everyKindTarget)
    const plants = [...plantedValues, ...equalValues]
    const columns = 'small, large, real, price, bytes, json, at, day, uuid, kind, "personId"'
    const copies = (from: string, text: string) => `INSERT INTO "Every kind" (id, flag, text, ${columns})
      SELECT 100 + n, flag, text || n, ${columns} FROM "Every kind", ${from} WHERE id = 1 AND ${text};`
    const series = `(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${plants.length}) SELECT n FROM s)`
    await using many = await createSqliteDatabase(everyKindSource + copies(series, 'true'))
    await run(`${copies(`generate_series(1, ${plants.length}) AS n`, 'true')} SELECT setval('"Every kind_id_seq"', 1000)`)
    expect(await everyKind(many.path)).toMatchObject({ content: 'identical', sourceRows: 5 + plants.length })
    // One statement each, so that one of them that the server refuses is named.
    await withPostgres(target.url, async (client) => {
      for (const [n, [what, column, value]] of plants.entries())
        await client.query(`UPDATE "Every kind" SET ${column} = ${value} WHERE id = ${101 + n}`).catch((cause: unknown) => {
          throw new Error(`could not plant ${what}`, { cause })
        })
    })
    const found = await everyKind(many.path)
    const told = found?.differences.map(({ key, column, kind }) => `${plants[Number(key.id) - 101]?.[0]}: ${column} ${kind}`)
    expect(told).toEqual(plantedValues.map(([what, column]) => `${what}: ${column.replaceAll('"', '')} value-differs`))
    expect(found).toMatchObject({ content: 'different', differencesTotal: plantedValues.length })
    await target.drop()
  })
})
