/**
 * Generates the Prisma clients: one per provider for the app, one for the control store.
 * Plain JavaScript, since it runs before anything else is known to work.
 */
import { spawnSync } from 'node:child_process'

const schemas = ['prisma/schema.prisma', 'prisma/postgresql/schema.prisma', 'prisma/control/schema.prisma']

for (const schema of schemas) {
  // Generation needs no engine, but the command looks for one and would download it: any existing file will do.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' }
  const run = spawnSync(process.execPath, ['node_modules/prisma/build/index.js', 'generate', `--schema=${schema}`, '--no-hints'], {
    env,
    encoding: 'utf8',
  })
  if (run.status !== 0) {
    console.error(`Prisma could not generate the client of ${schema}:\n${run.stdout}\n${run.stderr}`)
    process.exit(1)
  }
}
