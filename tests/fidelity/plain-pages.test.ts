import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { copySelect, registerCopyFunctions } from '@/lib/sqlite/values/copy-line'
import { readCopyPages } from '@/lib/sqlite/values/copy-pages'
import { oddValues } from './odd-values'
import { mappingOf, type TestColumn } from './round-trip'

/*
 * Pages join values as they are and prove afterwards that this was right (plain-page.ts). Here one odd value lies among
 * hundreds of ordinary ones, where only that proof can notice it; copySelect, which looks at each value, is the judge.
 */

let db: Database.Database
beforeAll(() => {
  db = new Database(':memory:')
  registerCopyFunctions(db)
})
afterAll(() => {
  db.close()
})

/** Both ways, as text; SQLite writes hexadecimal in upper case, JavaScript in lower. A refusal counts as an answer. */
function outcome(read: () => Buffer): string {
  try {
    return read().toString('latin1').toLowerCase()
  } catch (error) {
    return `refused: ${String(error)}`
  }
}

it.each(Object.entries(oddValues))(
  '%s: one odd value anywhere in a page is written as it is alone',
  (declared, { value, ordinary, odd }) => {
    const column: TestColumn = { declared: declared === 'NOTYPE' ? '' : declared, value }
    const neighbour: TestColumn = { declared: 'TEXT', value: { kind: 'text', maxLength: null, padded: false } }
    const mapping = mappingOf('page', { id: { declared: 'INTEGER', value: { kind: 'integer', bits: 64 } }, v: column, t: neighbour }, [
      'id',
    ])
    for (const [index, sql] of odd.entries()) {
      db.exec(`DROP TABLE IF EXISTS page; CREATE TABLE page (id INTEGER PRIMARY KEY, v ${column.declared}, t TEXT);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<700) INSERT INTO page SELECT i, ${ordinary}, 'neighbour ' || i FROM n;
      UPDATE page SET v = ${sql} WHERE id = ${[1, 256, 257, 699, 700][index % 5]};`)
      const pages = outcome(() => Buffer.concat([...readCopyPages(db, { ...mapping, rowidColumn: 'id' })].map((page) => page.data)))
      const query = copySelect({ ...mapping, rowidColumn: 'id' })
      const lines = outcome(() => Buffer.concat(db.prepare(query.sql).pluck().all() as Buffer[]))
      expect(comparable(pages), `${declared} ${sql}`).toBe(comparable(lines))
    }
  },
)

/** To PostgreSQL 0 and 1 are false and true as f and t are, and an instant may have its T and its zone of zero or not. */
function comparable(text: string): string {
  const instants = text.replace(/(\d{4}-\d\d-\d\d)[t ](\d\d:\d\d:\d\d\.\d{3})(\+00:00|z)?(?=\t)/g, '$1 $2')
  return instants.replace(/\tt\t/g, '\t1\t').replace(/\tf\t/g, '\t0\t')
}
