import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AppError } from '@/lib/core/errors'
import type { SchemaModel } from '@/lib/migration/schema-plan'
import type { SchemaFile } from '@/lib/schema/schema-engine'
import { fromCaller } from '@/scripts/command-line'

/**
 * The data model at the path of `--schema`, a file or a folder; without one the SQLite file speaks for itself.
 *
 * @throws AppError INVALID_INPUT when there is nothing at the path
 */
export async function readModel(path: string | undefined): Promise<SchemaModel> {
  if (path === undefined) return { kind: 'introspect' }
  const place = fromCaller(path)
  if (!existsSync(place)) {
    throw new AppError({
      code: 'INVALID_INPUT',
      message: 'There is no data model at this path.',
      subject: path,
      hint: 'Check --schema, or leave it out.',
    })
  }
  if ((await stat(place)).isDirectory()) return { kind: 'schema', files: await readFolder(place) }
  const files = [{ path: 'schema.prisma', content: await readFile(place, 'utf8') }]
  const beside = await readdir(dirname(place))
  const isOneOfSeveral = beside.some((name) => name.endsWith('.prisma') && name !== basename(place))
  return { kind: 'schema', files, ...(isOneOfSeveral ? { folder: dirname(path) } : {}) }
}

/** A schema in several files, folders in it included, as Prisma reads one. */
async function readFolder(folder: string): Promise<readonly SchemaFile[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.prisma'))
    .map((entry) => join(entry.parentPath, entry.name))
  // One file of the folder with the same content as all others together is not told apart: Prisma would refuse it too.
  return Promise.all(paths.sort().map(async (path) => ({ path, content: await readFile(path, 'utf8') })))
}
