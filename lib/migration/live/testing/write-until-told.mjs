/**
 * A process that writes to an SQLite file some hundred times a second, knowing nothing of us, until its parent says so; then it sends the
 * keys of every author that it was told is committed and did not delete again.
 */
import Database from 'better-sqlite3'

const [path, name] = process.argv.slice(2)
const db = new Database(path, { timeout: 30_000 })
db.pragma('foreign_keys = ON')
const kept = new Set()
let step = 0
const insert = db.transaction((id) => {
  db.prepare('INSERT INTO author VALUES (?, ?)').run(id, `name of ${id}`)
  db.prepare('INSERT INTO book (author, title) VALUES (?, ?)').run(id, `by ${id}`)
})
const moves = [
  (id) => {
    insert(id)
    kept.add(id)
  },
  // A key update, which cascades to its books.
  (id, before) => {
    if (db.prepare('UPDATE author SET id = ? WHERE id = ?').run(`${id}-moved`, before).changes === 1) {
      kept.delete(before)
      kept.add(`${id}-moved`)
    }
  },
  // Displaces whoever has the name, and deletes their books.
  (id, before) => {
    if (!kept.has(before)) return
    db.prepare('INSERT OR REPLACE INTO author SELECT ?, name FROM author WHERE id = ?').run(id, before)
    kept.delete(before)
    kept.add(id)
  },
]
process.on('message', () => {
  process.send([...kept], () => process.exit(0))
})
function write() {
  const id = `${name}${step}`
  // Each move but the first works on what the one before made.
  moves[step % 3](id, [...kept].at(-1))
  step += 1
  // Three of them keep a machine busy enough.
  setTimeout(write, 3)
}
write()
