/** Migrates when its parent sends the options, and tells it every event and the result: a process that is made to be killed. */
import { type MigrateOptions, migrateDatabase } from '../migrate-database'
import { loadThreadCode } from '../threads/thread-code'

process.once('message', async (options) => {
  // Sent by the test beside this file, as that type.
  const result = await migrateDatabase(options as MigrateOptions, (event) => process.send?.({ event }), new AbortController().signal)
  process.send?.({ result }, () => process.disconnect())
})
await loadThreadCode()
process.send?.({ ready: true })
