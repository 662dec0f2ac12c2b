/**
 * Long pieces of work on SQLite files, one at a time, in a process of its own: a statement, whose rows are sent back, or a copy of
 * the whole file. Plain JavaScript, so that the process starts in some 50 ms. The caller may kill it at any moment: SQLite
 * cannot be interrupted from a thread, and `integrity_check` of a large file takes many seconds. Used by run-aside.ts only.
 */
import Database from 'better-sqlite3'
import { copyPages } from './aside-copy.mjs'

process.on('disconnect', () => process.exit(0))
process.on('message', async (request) => {
  process.send(await answer(request))
})

/** When it is answered the file is closed: whoever asked may take its locks, or remove it. */
async function answer(request) {
  let db
  try {
    db = new Database(request.path, { readonly: request.readonly, fileMustExist: true, timeout: 5000 })
    // integrity_check and foreign_key_check look up every key: with SQLite's 2 MiB, half of the time went into reading the
    // same pages again (432 MB: 9.2 s of processor time, 6.0 s with this).
    db.pragma(`cache_size = -${request.cacheKiB ?? 65_536}`)
    return 'copyTo' in request ? { rows: [await copyPages(db, request.copyTo)] } : { rows: runStatement(db, request) }
  } catch (error) {
    return { error: { code: error.code ?? '', message: error.message } }
  } finally {
    db?.close()
  }
}

function runStatement(db, { sql, params }) {
  const statement = db.prepare(sql)
  if (statement.reader) return statement.all(...params)
  statement.run(...params)
  return []
}
