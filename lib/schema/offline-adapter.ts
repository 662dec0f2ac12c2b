import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory, SqlQuery, SqlResultSet } from '@prisma/driver-adapter-utils'
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils'

/**
 * A stand-in for a PostgreSQL server, for comparing data models when there is none: the schema engine
 * asks a PostgreSQL adapter for the server's version before it prints a script, and for nothing else.
 * Every other statement is refused, so it can never pretend to have changed a database.
 *
 * @param serverVersion what `version()` answers; it decides which SQL dialect features the script uses.
 */
export function offlinePostgresql(serverVersion = 'PostgreSQL 13.0'): SqlMigrationAwareDriverAdapterFactory {
  const connect = () => Promise.resolve(offlineAdapter(serverVersion))
  return { provider: 'postgres', adapterName: 'bascule-offline', connect, connectToShadowDb: connect }
}

function offlineAdapter(serverVersion: string): SqlDriverAdapter {
  const refuse = (sql: string) => Promise.reject(new Error(`No database here to run: ${sql.slice(0, 80)}`))
  const queryRaw = (query: SqlQuery): Promise<SqlResultSet> =>
    query.sql.includes('version()') ? Promise.resolve(versionAnswer(serverVersion)) : refuse(query.sql)
  return {
    provider: 'postgres',
    adapterName: 'bascule-offline',
    queryRaw,
    executeRaw: (query) => refuse(query.sql),
    executeScript: refuse,
    startTransaction: () => refuse('BEGIN'),
    getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: true }),
    dispose: () => Promise.resolve(),
  }
}

/** The answer to the engine's one question: does the schema exist, and which server is this? */
function versionAnswer(serverVersion: string): SqlResultSet {
  const [, major = '13', minor = '0'] = /(\d+)\.(\d+)/.exec(serverVersion) ?? []
  return {
    columnNames: ['exists', 'version', 'numeric_version'],
    columnTypes: [ColumnTypeEnum.Boolean, ColumnTypeEnum.Text, ColumnTypeEnum.Int32],
    rows: [[true, serverVersion, Number(major) * 10000 + Number(minor)]],
  }
}
