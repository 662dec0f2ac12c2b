/**
 * An empty PostgreSQL server on this machine for as long as somebody holds our standard input open:
 *
 *     node scripts/launch.mjs scripts/scratch-server.ts FOLDER
 *
 * Says `{"url":…}` on a line when it is ready. The folder is made for it and is gone afterwards, also when all of us are killed.
 * lib/backup/scratch-server.ts starts it to read PostgreSQL dumps while the app is on SQLite.
 */
import { startEmbeddedPostgres } from './embedded-postgres'

const [dataDir] = process.argv.slice(2)
if (dataDir === undefined) {
  console.error('Usage: scratch-server.ts FOLDER')
  process.exit(2)
}
const ended = new Promise((resolve) => process.stdin.once('end', resolve).once('close', resolve).resume())
// Ctrl-C is for whoever holds our input: they end us when they are done.
process.on('SIGINT', () => undefined)
const server = await startEmbeddedPostgres({ dataDir, persistent: false, durable: false })
console.log(JSON.stringify({ url: server.url }))
await ended
await server.stop()
process.exit(0)
