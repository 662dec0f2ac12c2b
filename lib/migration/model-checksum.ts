import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listSchemaMigrations } from '@/lib/schema/schema-migrations'
import type { SchemaModel } from './schema-plan'

/** SHA-256 of all that a model is made of, in hex: two models of one checksum make the same schema. */
export async function checksumOfModel(model: SchemaModel): Promise<string> {
  const digest = createHash('sha256').update(model.kind)
  const add = (name: string, content: string) => digest.update(`\0${name}\0${content.length}\0`).update(content)
  switch (model.kind) {
    case 'introspect':
      break
    case 'schema':
      for (const file of model.files) add(file.path, file.content)
      break
    case 'history':
      for (const name of await listSchemaMigrations(model.folder))
        add(name, await readFile(join(model.folder, name, 'migration.sql'), 'utf8'))
  }
  return digest.digest('hex')
}
