// Writes as an app's process would, each write acknowledged to the parent once it is committed, until the fence refuses one.
import Database from 'better-sqlite3'

const [path, name] = process.argv.slice(2)
const db = new Database(path, { timeout: 10_000 })
db.pragma('foreign_keys = ON')
const author = db.prepare('INSERT INTO author (name) VALUES (?)')
const book = db.prepare("INSERT INTO book (id, author, title) VALUES (?, ?, 'of a writer')")
const write = db.transaction((one) => {
  const { lastInsertRowid } = author.run(one)
  book.run(one, lastInsertRowid)
  db.prepare('UPDATE book SET title = title WHERE author = ?').run(1 + (Number(lastInsertRowid) % 300))
})

for (let at = 0; ; at += 1) {
  const one = `${name}-${at}`
  try {
    write.immediate(one)
  } catch (error) {
    if (!String(error).includes('BASCULE_FENCED')) throw error
    break
  }
  await new Promise((resolve) => process.send(one, resolve))
  await new Promise((resolve) => setTimeout(resolve, 3))
}
process.disconnect()
