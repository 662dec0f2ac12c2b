/**
 * Writes rows to an app's SQLite file at a steady pace, each in a transaction of its own as an app does, until its standard input
 * ends; then says how long the writes took, in milliseconds.
 *
 *     node bench/backup/paced-writer.mjs FILE WRITES_PER_SECOND
 */
import Database from 'better-sqlite3'

const [path, perSecond] = process.argv.slice(2)
const db = new Database(path, { timeout: 5_000 })
const write = db.prepare(`INSERT INTO "TelemetryEvent" (sessionId, type, totalBytes) VALUES ('bench', 'write', ?)`)
const took = []
let refused = 0
let isOver = false
process.stdin.resume().once('end', () => {
  isOver = true
})

const started = performance.now()
for (let count = 0; !isOver; ) {
  const due = ((performance.now() - started) / 1000) * Number(perSecond)
  // A writer that was held up does not make up for it: those waits would be its own.
  if (due - count > Number(perSecond)) count = Math.floor(due)
  while (count < due && !isOver) {
    const at = performance.now()
    try {
      write.run(count)
      took.push(performance.now() - at)
    } catch {
      refused += 1
    }
    count += 1
  }
  await new Promise((resolve) => setTimeout(resolve, 1))
}
db.close()
took.sort((a, b) => a - b)
const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? null
console.log(JSON.stringify({ writes: took.length, refused, p50Ms: at(0.5), p99Ms: at(0.99), longestMs: at(1) }))
