// Where the reading thread begins. Node 20 reads no TypeScript by itself, and a thread knows nothing of how its
// process was started, so tsx is found from here: it works from any folder and under any test runner.
import { fileURLToPath } from 'node:url'
import { register } from 'tsx/esm/api'

register({ tsconfig: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)) })
await import('./source-thread.ts')
