import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import { AppError } from '@/lib/core/errors'
import { withWholeScripts } from './whole-scripts'

/** A Prisma schema file: its name and its text. */
export interface SchemaFile {
  readonly path: string
  readonly content: string
}

const noFilters = { externalTables: [], externalEnums: [] }
let loading: Promise<void> | undefined

/**
 * Runs `use` with Prisma's schema engine bound to the database behind `factory`, and frees it after.
 * The engine is the WASM build from npm, so nothing is downloaded (decision 0003).
 * Errors of the engine are thrown as it words them; callers add operation and hint.
 */
export async function withSchemaEngine<T>(
  factory: SqlMigrationAwareDriverAdapterFactory,
  datamodels: readonly SchemaFile[] | undefined,
  use: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  loading ??= loadEngine()
  await loading
  const options = { datamodels: datamodels?.map((file): [string, string] => [file.path, file.content]) }
  const { recording, disposeAll } = recordConnections(withWholeScripts(factory))
  const engine = await bindings.SchemaEngine.new(options, () => undefined, bindMigrationAwareSqlAdapterFactory(recording))
  try {
    return await use(engine)
  } finally {
    engine.free()
    await disposeAll()
  }
}

/**
 * Loads the engine, so that its absence is not taken for a fault of somebody's data model.
 *
 * @throws AppError INTERNAL
 */
export async function requireSchemaEngine(): Promise<void> {
  loading ??= loadEngine()
  try {
    await loading
  } catch (cause) {
    loading = undefined
    throw new AppError({
      code: 'INTERNAL',
      operation: 'load the schema engine',
      message: 'Prisma’s schema engine cannot be loaded.',
      hint: 'Install the app’s packages anew: npm run bootstrap.',
      cause,
    })
  }
}

/**
 * The engine never closes the connections it asks for, and it locks SQLite files with
 * `PRAGMA locking_mode = EXCLUSIVE`: left open, they would keep every other connection out of the file.
 */
function recordConnections(factory: SqlMigrationAwareDriverAdapterFactory) {
  const opened: SqlDriverAdapter[] = []
  const record = async (connecting: Promise<SqlDriverAdapter>) => {
    const adapter = await connecting
    opened.push(adapter)
    return adapter
  }
  const recording: SqlMigrationAwareDriverAdapterFactory = {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: () => record(factory.connect()),
    connectToShadowDb: () => record(factory.connectToShadowDb()),
  }
  const disposeAll = async () => {
    await Promise.allSettled(opened.map((adapter) => adapter.dispose()))
  }
  return { recording, disposeAll }
}

/**
 * The SQL script that turns an empty database into the one that `schema` describes, in the dialect of
 * the schema's provider. `factory` must be of the same provider; its database is not touched.
 */
export function scriptFromEmpty(factory: SqlMigrationAwareDriverAdapterFactory, schema: readonly SchemaFile[]): Promise<string> {
  return scriptBetween(factory, undefined, schema)
}

/** The SQL script from one schema to the next; an absent `from` is an empty database. */
export async function scriptBetween(
  factory: SqlMigrationAwareDriverAdapterFactory,
  from: readonly SchemaFile[] | undefined,
  to: readonly SchemaFile[],
): Promise<string> {
  return withSchemaEngine(factory, to, async (engine) => {
    const result = await engine.diff({
      from: from ? { tag: 'schemaDatamodel', files: [...from] } : { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [...to] },
      script: true,
      exitCode: null,
      filters: noFilters,
    })
    return result.stdout ?? ''
  })
}

/** The Prisma schema of an existing database, starting from a schema that holds at least the datasource. */
export async function introspectDatabase(
  factory: SqlMigrationAwareDriverAdapterFactory,
  base: readonly SchemaFile[],
): Promise<{ readonly files: readonly SchemaFile[]; readonly warnings: string | null }> {
  return withSchemaEngine(factory, base, async (engine) => {
    const result = await engine.introspect({
      schema: { files: [...base] },
      baseDirectoryPath: '.',
      force: true,
      compositeTypeDepth: -1,
      namespaces: null,
    })
    return { files: result.schema.files, warnings: result.warnings }
  })
}

async function loadEngine(): Promise<void> {
  const script = resolveEngine()
  const bytes = await readFile(script.replace(/\.js$/, '.wasm'))
  // The module names its JavaScript half by this relative path (wasm-bindgen's "bundler" target).
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': bindings as unknown as WebAssembly.ModuleImports })
  bindings.__wbg_set_wasm(instance.exports)
  ;(instance.exports.__wbindgen_start as () => void)()
}

/**
 * From this module where it is a file of its own, whatever folder the command runs in; bundled by Next, import.meta.url
 * and what it resolves are not files, and then the app's folder has it.
 */
function resolveEngine(): string {
  const name = '@prisma/schema-engine-wasm/schema_engine_bg'
  const fromApp = () => createRequire(join(process.cwd(), 'package.json')).resolve(name)
  if (!import.meta.url.startsWith('file:')) return fromApp()
  try {
    const script = createRequire(import.meta.url).resolve(name)
    return existsSync(script) ? script : fromApp()
  } catch {
    return fromApp()
  }
}
