/**
 * Runs one SQL statement on one SQLite file in a process of its own and prints its rows as JSON. Plain JavaScript, so
 * that the process starts in some 50 ms. The caller may kill it at any moment: SQLite cannot be interrupted from a
 * thread, and `integrity_check` or VACUUM INTO of a large file takes many seconds. Used by run-aside.ts only.
 */
import Database from 'better-sqlite3'

process.on('disconnect', () => process.exit(1))
process.once('message', ({ path, readonly, sql, params }) => {
  let answer
  try {
    const db = new Database(path, { readonly, fileMustExist: true, timeout: 5000 })
    const statement = db.prepare(sql)
    if (statement.reader) answer = { rows: statement.all(...params) }
    else statement.run(...params)
    answer ??= { rows: [] }
    db.close()
  } catch (error) {
    answer = { error: { code: error.code ?? '', message: error.message } }
  }
  process.send(answer, () => process.disconnect())
})
