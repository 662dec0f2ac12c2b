import { createRequire } from 'node:module'
import { type GetPrismaClientConfig, getPrismaClient } from '@prisma/client/runtime/client'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { type PrintedModel, printSchema } from './print-schema'

const require = createRequire(import.meta.url)

/** What the tests ask of a model's delegate. */
export interface Delegate {
  create(query: { readonly data: Readonly<Record<string, unknown>> }): Promise<Readonly<Record<string, unknown>>>
  update(query: { readonly where: object; readonly data: object }): Promise<unknown>
  findMany(query: object): Promise<readonly Readonly<Record<string, unknown>>[]>
}

export interface GeneratedClient extends AsyncDisposable {
  model(name: string): Delegate
}

/**
 * Prisma's own client for a schema that was made up a moment ago: what `prisma generate` writes into a file, given to the
 * same runtime without the file, which would cost seconds for each schema.
 */
export function generateClient(
  models: readonly PrintedModel[],
  provider: 'sqlite' | 'postgresql',
  adapter: SqlDriverAdapterFactory,
): GeneratedClient {
  const config: GetPrismaClientConfig = {
    previewFeatures: [],
    clientVersion: '7',
    engineVersion: '7',
    activeProvider: provider,
    inlineSchema: printSchema(models, provider),
    runtimeDataModel: runtimeModels(models),
    // Nothing is turned into a parameter: an empty graph.
    parameterizationSchema: { strings: [], graph: 'A'.repeat(22) },
    compilerWasm: {
      getRuntime: async () => compilerModule(provider, ''),
      getQueryCompilerWasmModule: async () => new WebAssembly.Module(Buffer.from(compilerModule(provider, '.wasm-base64').wasm, 'base64')),
      importName: './query_compiler_fast_bg.js',
    },
  }
  const Client = getPrismaClient(config)
  // The generated class adds types to this one and nothing else; its delegates are named after the models.
  const client = new Client({ adapter }) as unknown as Record<string, Delegate> & { $disconnect(): Promise<void> }
  return {
    model: (name) => {
      const delegate = client[`${name.charAt(0).toLowerCase()}${name.slice(1)}`]
      if (delegate === undefined) throw new Error(`no model ${name}`)
      return delegate
    },
    [Symbol.asyncDispose]: () => client.$disconnect(),
  }
}

/** The query compiler of a provider; these modules come without types, and generated clients load them in the same way. */
function compilerModule(provider: string, part: '' | '.wasm-base64') {
  return require(`@prisma/client/runtime/query_compiler_fast_bg.${provider}${part}.js`)
}

/** A generated file holds this little of a field as well; the runtime's type asks for all that DMMF has. */
function runtimeModels(models: readonly PrintedModel[]): GetPrismaClientConfig['runtimeDataModel'] {
  const known = Object.fromEntries(models.map((model) => [model.name, runtimeModel(model)]))
  return { models: known, enums: {}, types: {} } as unknown as GetPrismaClientConfig['runtimeDataModel']
}

function runtimeModel({ dbName, fields }: PrintedModel) {
  const known = fields.filter(({ type }) => type !== 'Unsupported')
  return {
    dbName,
    fields: known.map(({ name, kind, type, relationName, dbName: column }) => ({
      name,
      kind,
      type,
      ...(relationName === undefined ? {} : { relationName }),
      ...(column === null ? {} : { dbName: column }),
    })),
  }
}
