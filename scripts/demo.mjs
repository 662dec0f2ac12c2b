/**
 * `npm run demo`: Bascule with demo data, an embedded PostgreSQL, web and worker, on a machine with only Node.
 * Installs what is missing first; everything else is scripts/demo/main.ts, in this same process, so that a Ctrl-C
 * meets one process that ends all others.
 *
 *     npm run demo                   start, or go on with the data of last time
 *     npm run demo -- --reset        start anew
 *     npm run demo -- --migrate      the main job in the terminal, and exit
 */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bootstrapOrExit } from './bootstrap.mjs'

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))
await bootstrapOrExit()
const { register } = await import('tsx/esm/api')
register()
const { main } = await import('./demo/main.ts')
process.exit(await main(process.argv.slice(2)))
