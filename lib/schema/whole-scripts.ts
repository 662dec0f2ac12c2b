import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory, SqlQuery } from '@prisma/driver-adapter-utils'
import { z } from 'zod'
import { isTransactionControl, splitStatements } from './postgresql-statements'

/**
 * A factory whose connections run a script as the server understands it. Prisma's adapter for PostgreSQL cuts scripts at
 * every semicolon, also within `$$ … $$`, texts and comments, so that no function could be made by a schema migration;
 * `prisma migrate deploy` sends them whole, and so does this. A script without BEGIN is then one transaction of the
 * server, and a failure leaves none of it behind.
 */
export function withWholeScripts(factory: SqlMigrationAwareDriverAdapterFactory): SqlMigrationAwareDriverAdapterFactory {
  if (factory.provider !== 'postgres') return factory
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => runningWhole(await factory.connect()),
    connectToShadowDb: async () => runningWhole(await factory.connectToShadowDb()),
  }
}

function runningWhole(adapter: SqlDriverAdapter): SqlDriverAdapter {
  return new Proxy(adapter, {
    get(target, name) {
      if (name === 'executeScript') return (script: string) => runScript(target, script)
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** What some statements ask for: a transaction of their own, or that an enum's new value was committed before. */
const wantsOwnTransaction = new Set(['25001', '55P04'])

async function runScript(adapter: SqlDriverAdapter, script: string): Promise<void> {
  const statements = splitStatements(script)
  if (statements.length === 0) return
  try {
    await adapter.executeRaw(plainQuery(script))
  } catch (error) {
    const hasTransactions = statements.some(isTransactionControl)
    // What the script began must not stay open on the connection that the engine notes the failure with.
    if (hasTransactions) await adapter.executeRaw(plainQuery('ROLLBACK')).catch(() => undefined)
    if (hasTransactions || statements.length === 1 || !wantsOwnTransaction.has(sqlStateOf(error) ?? '')) throw error
    // The server has taken back all of it. One by one, as a person would run such a script.
    for (const { text } of statements) await adapter.executeRaw(plainQuery(text))
  }
}

/** Without parameters the driver uses the simple protocol, in which one message may hold many statements. */
function plainQuery(sql: string): SqlQuery {
  return { sql, args: [], argTypes: [] }
}

const adapterError = z.object({ cause: z.object({ originalCode: z.string() }) })

function sqlStateOf(error: unknown): string | undefined {
  return adapterError.safeParse(error).data?.cause.originalCode
}
