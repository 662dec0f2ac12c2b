import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { ControlStore } from '@/lib/control/control-store'
import type { SqliteCatalogue } from '@/lib/core/catalogue'
import { readDiskSpace } from '@/lib/core/disk-space'
import { quoteName } from '@/lib/core/quoted-name'
import { judgeSqlite } from '@/lib/monitoring/checks/judge-sqlite'
import type { HealthReport, IndexFigures, Panel, SqliteFile, SqlitePanels, TableFigures } from '@/lib/monitoring/health-report'
import { readRecentWrites } from '@/lib/monitoring/history/recent-writes'
import { readIntegrity } from '@/lib/monitoring/integrity-record'
import { totalsOf } from '@/lib/monitoring/shorten-report'
import { pathLabel } from '@/lib/monitoring/sqlite-overview'
import type { Thresholds } from '@/lib/monitoring/thresholds'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { rowidName } from '@/lib/sqlite/count-rows'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { type PageSizes, readPageSizes } from '@/lib/sqlite/page-sizes'
import { NotKnown, reasonOf } from './read-panel'

/** The state of an SQLite file, panel by panel. @throws AppError SOURCE_* when it cannot be opened */
export async function readSqliteHealth(
  path: string,
  thresholds: Thresholds,
  panelTimeoutMs: number,
  store: ControlStore | null,
): Promise<HealthReport> {
  const begun = performance.now()
  const db = openSqlite(path, { readonly: true, busyTimeoutMs: Math.min(panelTimeoutMs, 500) })
  try {
    const catalogue = readSqliteCatalogue(db)
    // The only reading that looks at every page: in a process of its own, which is killed when its time is up.
    const sizes = await readPanel(() => readSizes(path, panelTimeoutMs))
    const panels: SqlitePanels = {
      file: await readPanel(() => readFile(db, path, catalogue)),
      tables: await readPanel(async () => readTables(db, catalogue, sizes)),
      indexes: await readPanel(async () => readIndexes(catalogue, sizes)),
      indexGaps: await readPanel(async () => ({ foreignKeys: unindexedForeignKeys(db, catalogue) })),
      integrity: await readPanel(() => (store ? readIntegrity(store) : notAsked())),
      writes: await readPanel(() => (store ? readRecentWrites(store) : notAsked())),
    }
    return {
      engine: 'sqlite',
      label: pathLabel(path),
      version: catalogue.version,
      readAt: new Date().toISOString(),
      elapsedMs: Math.round(performance.now() - begun),
      checks: [...judgeSqlite(panels, thresholds)],
      totals: totalsOf(panels),
      panels,
    }
  } finally {
    db.close()
  }
}

async function readSizes(path: string, timeoutMs: number): Promise<PageSizes> {
  const sizes = await readPageSizes(path, timeoutMs)
  if (sizes) return sizes
  throw new NotKnown('timeout', 'Every page would have to be read, and there was no time for that.')
}

async function readFile(db: SqliteDatabase, path: string, catalogue: SqliteCatalogue): Promise<SqliteFile> {
  const pragma = (name: string) => z.number().parse(db.pragma(name, { simple: true }))
  const disk = await readDiskSpace(dirname(path)).catch(() => null)
  return {
    path: pathLabel(path),
    sizeBytes: catalogue.pageCount * catalogue.pageSize,
    walBytes: (await stat(`${path}-wal`).catch(() => null))?.size ?? 0,
    pageSizeBytes: catalogue.pageSize,
    pages: catalogue.pageCount,
    freePages: pragma('freelist_count'),
    journalMode: catalogue.journalMode,
    autoVacuum: (['none', 'full', 'incremental'] as const)[pragma('auto_vacuum')] ?? 'none',
    encoding: z.string().parse(db.pragma('encoding', { simple: true })),
    hasStatistics: db.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'`).get() !== undefined,
    diskFreeBytes: disk?.freeBytes ?? null,
  }
}

const nothing = {
  changedRows: null,
  deadRows: null,
  lastVacuumAt: null,
  lastAnalyzeAt: null,
  wholeReads: null,
  indexReads: null,
  transactionAge: null,
}

function readTables(db: SqliteDatabase, { tables }: SqliteCatalogue, sizes: Panel<PageSizes>): TableFigures[] {
  const known = sizes.status === 'known' ? sizes.data : null
  return tables
    .map((table): TableFigures => {
      const size = known?.get(table.name)
      const own = table.indexes.map(({ name }) => known?.get(name)?.sizeBytes ?? 0)
      return {
        table: table.name,
        sizeBytes: size?.sizeBytes ?? null,
        indexesBytes: known === null ? null : own.reduce((sum, bytes) => sum + bytes, 0),
        rows: estimateRows(db, table),
        bloatBytes: size?.unusedBytes ?? null,
        ...nothing,
      }
    })
    .toSorted((left, right) => (right.sizeBytes ?? 0) - (left.sizeBytes ?? 0))
}

/** The highest rowid: an upper estimate that costs nothing. */
function estimateRows(db: SqliteDatabase, table: SqliteCatalogue['tables'][number]): number | null {
  const rowid = rowidName(table)
  if (rowid === null) return null
  const highest = db
    .prepare(`SELECT max(${rowid}) FROM ${quoteName(table.name)}`)
    .pluck()
    .safeIntegers()
    .get()
  return highest === null ? 0 : Math.max(0, Number(highest))
}

function readIndexes({ tables }: SqliteCatalogue, sizes: Panel<PageSizes>): IndexFigures[] {
  return tables.flatMap((table) =>
    table.indexes.map((index): IndexFigures => {
      const parts = index.parts.map(
        ({ column, expression, descending, collation }) => `${column ?? expression} ${collation}${descending ? ' DESC' : ''}`,
      )
      return {
        table: table.name,
        schema: 'main',
        index: index.name,
        definition: `${index.unique ? 'UNIQUE ' : ''}(${index.parts.map(({ column, expression }) => column ?? expression).join(', ')})${index.where === null ? '' : ` WHERE ${index.where}`}`,
        sizeBytes: sizes.status === 'known' ? (sizes.data.get(index.name)?.sizeBytes ?? 0) : null,
        scans: null,
        isUnique: index.unique,
        isValid: true,
        constraint: index.origin === 'unique' ? index.name : null,
        isNeeded: false,
        likeness: [table.name, ...parts, index.where ?? ''].join('|'),
        family: `${table.name}|${index.where ?? ''}`,
        keys: parts,
        isPlain: index.parts.every(({ column }) => column !== null),
        inModel: false,
      }
    }),
  )
}

function unindexedForeignKeys(db: SqliteDatabase, { tables }: SqliteCatalogue) {
  return tables.flatMap((table) => {
    const heads = [
      table.primaryKey,
      ...table.indexes.filter(({ where }) => where === null).map(({ parts }) => parts.map(({ column }) => column)),
    ]
    const isServed = (columns: readonly string[]) =>
      heads.some((head) => columns.every((column) => head.slice(0, columns.length).includes(column)))
    return table.foreignKeys
      .filter(({ columns }) => !isServed(columns))
      .map(({ name, columns, referencedTable }) => ({
        table: table.name,
        constraint: name ?? columns.join(', '),
        columns: [...columns],
        references: referencedTable,
        rows: estimateRows(db, table),
      }))
  })
}

async function notAsked(): Promise<never> {
  throw new NotKnown('not-asked', 'Nothing was noted.')
}

async function readPanel<T>(read: () => Promise<T>): Promise<Panel<T>> {
  try {
    return { status: 'known', data: await read() }
  } catch (error) {
    return { status: 'unknown', ...reasonOf(error) }
  }
}
