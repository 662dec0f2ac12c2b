/**
 * One long piece of work on one SQLite file in a process of its own: a statement, whose rows are sent back, or a copy of
 * the whole file. Plain JavaScript, so that the process starts in some 50 ms. The caller may kill it at any moment: SQLite
 * cannot be interrupted from a thread, and `integrity_check` of a large file takes many seconds. Used by run-aside.ts only.
 */
import Database from 'better-sqlite3'
import { copyPages } from './aside-copy.mjs'

process.on('disconnect', () => process.exit(1))
process.once('message', async (request) => {
  let answer
  try {
    const db = new Database(request.path, { readonly: request.readonly, fileMustExist: true, timeout: 5000 })
    // integrity_check and foreign_key_check look up every key: with SQLite's 2 MiB, half of the time went into reading the
    // same pages again (432 MB: 9.2 s of processor time, 6.0 s with this).
    db.pragma(`cache_size = -${request.cacheKiB ?? 65_536}`)
    answer = 'copyTo' in request ? { rows: [await copyPages(db, request.copyTo)] } : { rows: runStatement(db, request) }
    db.close()
  } catch (error) {
    answer = { error: { code: error.code ?? '', message: error.message } }
  }
  process.send(answer, () => process.disconnect())
})

function runStatement(db, { sql, params }) {
  const statement = db.prepare(sql)
  if (statement.reader) return statement.all(...params)
  statement.run(...params)
  return []
}
