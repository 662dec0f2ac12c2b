/**
 * Entry of a worker thread: makes TypeScript readable there, then becomes the task thread. Plain JavaScript, and not
 * `--import tsx`, which Node 20 does not heed for the entry of a worker thread.
 */
import { register } from 'tsx/esm/api'

register()
await import('./task-thread.ts')
