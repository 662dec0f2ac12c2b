/** Runs one migration in a process of its own, to be killed: its options come as JSON in the first argument. */
import { type MigrateOptions, migrateDatabase } from '../migrate-database'

const options = JSON.parse(process.argv[2] ?? '{}') as MigrateOptions
const result = await migrateDatabase(options, (event) => console.log(JSON.stringify(event)), new AbortController().signal)
console.log(JSON.stringify(result))
