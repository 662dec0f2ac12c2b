/**
 * Long pieces of work on SQLite files, one at a time, in a process of its own: a statement, whose rows are sent back, or a copy of
 * the whole file. Plain JavaScript, so that the process starts in some 50 ms. The caller may kill it at any moment: SQLite
 * cannot be interrupted from a thread, and `integrity_check` of a large file takes many seconds. Used by run-aside.ts only.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import Database from 'better-sqlite3'
import { copyPages } from './aside-copy.mjs'

process.on('disconnect', () => process.exit(0))
process.on('message', async (request) => {
  process.send(await answer(request))
})

/**
 * Reads a file from its beginning to its end and keeps nothing: its pages then lie in the system's memory. No connection is
 * open in this process meanwhile, whose locks the end of it would drop.
 */
function readThrough(path) {
  const file = openSync(path, 'r')
  try {
    const block = Buffer.allocUnsafe(1024 * 1024)
    while (readSync(file, block) > 0);
  } finally {
    closeSync(file)
  }
  return []
}

/** When it is answered the file is closed: whoever asked may take its locks, or remove it. */
async function answer(request) {
  let db
  try {
    if ('readThrough' in request) return { rows: readThrough(request.path) }
    db = new Database(request.path, { readonly: request.readonly ?? true, fileMustExist: true, timeout: 5000 })
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

function runStatement(db, { sql, params = [] }) {
  const statement = db.prepare(sql)
  if (statement.reader) return statement.all(...params)
  statement.run(...params)
  return []
}
