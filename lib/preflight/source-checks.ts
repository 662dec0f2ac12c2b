import { z } from 'zod'
import type { SqliteCatalogue } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import { checkIntegrity } from '@/lib/migration/check-integrity'
import { checkReferences } from '@/lib/migration/check-source'
import { type AppliedMigration, type HistoryState, readHistoryState } from '@/lib/schema/history-state'
import { openSqlite } from '@/lib/sqlite/open-database'
import { readWalState, type WalState } from '@/lib/sqlite/wal-state'
import { warmFile } from '@/lib/sqlite/warm-file'
import { errorOf, judged, type Question, unasked } from './ask'
import type { PreflightCheck } from './preflight-result'
import { findDrift } from './schema-drift'
import { thresholds } from './thresholds'

export interface SourceQuestions {
  readonly path: string
  /** For people. */
  readonly label: string
  readonly catalogue: SqliteCatalogue
  /** Folder of the schema migrations that the file should come from; null for an app that we do not know. */
  readonly migrationsFolder: string | null
  /** Told what is wrong with references. */
  readonly onFindings: (findings: readonly Finding[]) => void
}

const { timeouts, examples } = thresholds

/** The questions about a SQLite file that could be opened. */
export function sourceQuestions(source: SourceQuestions): readonly Question[] {
  const { path, label, catalogue, migrationsFolder } = source
  const own: Question[] =
    migrationsFolder === null
      ? []
      : [
          {
            codes: ['source-history'],
            timeoutMs: timeouts.quickMs,
            ask: async () => {
              const rows = readAppliedMigrations(path, catalogue)
              return [judgeHistory(rows === null ? null : await readHistoryState(rows, migrationsFolder), label)]
            },
          },
          {
            codes: ['source-drift'],
            timeoutMs: timeouts.quickMs,
            ask: async () => [judgeDrift(await findDrift(catalogue, migrationsFolder), label)],
          },
        ]
  return [
    { codes: ['source-wal'], timeoutMs: timeouts.quickMs, ask: async () => [judgeWal(await readWalState(path), catalogue.pageSize, path)] },
    ...own,
    { codes: ['source-integrity'], timeoutMs: timeouts.wholeMs, ask: async (signal) => [await askIntegrity(source, signal)] },
    {
      codes: ['source-references'],
      timeoutMs: timeouts.wholeMs,
      ask: async (signal) => {
        const findings = await checkReferences(path, catalogue, signal)
        source.onFindings(findings)
        return [judgeReferences(findings, label)]
      },
    },
  ]
}

/** Damage is an answer; everything else that goes wrong is the lack of one. */
async function askIntegrity({ path, label, catalogue }: SourceQuestions, signal: AbortSignal): Promise<PreflightCheck> {
  try {
    await warmFile(path, signal)
    await checkIntegrity(path, signal)
    return judged('source-integrity', 'sound', { where: label, params: { sizeBytes: catalogue.pageCount * catalogue.pageSize } })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'SOURCE_DAMAGED') return unasked('source-integrity', error, { where: label })
    const remedy = `sqlite3 ${shellWord(path)} ".recover" | sqlite3 recovered.db`
    return judged('source-integrity', 'damaged', { where: label, error: errorOf(error), remedy })
  }
}

export function judgeReferences(findings: readonly Finding[], label: string): PreflightCheck {
  const blocking = findings.filter(({ severity }) => severity === 'blocks')
  const shown = blocking.length > 0 ? blocking : findings
  const rows = shown.reduce((sum, { count }) => sum + count, 0)
  const names = shown.map(({ table, column }) => [table, column].filter((part) => part !== null).join('.'))
  const details = { where: label, count: rows, examples: names.slice(0, examples) }
  if (blocking.length > 0) return judged('source-references', 'orphans', { ...details, params: { rows } })
  return findings.length > 0 ? judged('source-references', 'odd', details) : judged('source-references', 'sound', { where: label })
}

export function judgeWal({ sizeBytes, pendingFrames }: WalState, pageSize: number, path: string): PreflightCheck {
  if (pendingFrames === 0) return judged('source-wal', 'empty', { params: { sizeBytes } })
  return judged('source-wal', 'pending', {
    where: `${path}-wal`,
    params: { sizeBytes, pages: pendingFrames, pendingBytes: pendingFrames * pageSize },
    remedy: `sqlite3 ${shellWord(path)} "PRAGMA wal_checkpoint(TRUNCATE)"`,
  })
}

export function judgeHistory(state: HistoryState | null, label: string): PreflightCheck {
  const remedy = 'npx prisma migrate deploy'
  if (state === null) return judged('source-history', 'none', { where: label })
  const about = (names: readonly string[]) => ({ where: label, count: names.length, examples: names.slice(0, examples) })
  if (state.failed.length > 0) {
    const first = state.failed[0] ?? ''
    return judged('source-history', 'failed', {
      ...about(state.failed),
      remedy: `npx prisma migrate resolve --rolled-back ${shellWord(first)}\n${remedy}`,
    })
  }
  if (state.ahead.length > 0) return judged('source-history', 'ahead', about(state.ahead))
  if (state.pending.length > 0) return judged('source-history', 'pending', { ...about(state.pending), remedy })
  if (state.edited.length > 0) return judged('source-history', 'edited', about(state.edited))
  return judged('source-history', 'in-step', { where: label, params: { migrations: state.applied.length } })
}

function judgeDrift(lines: readonly string[], label: string): PreflightCheck {
  if (lines.length === 0) return judged('source-drift', 'none', { where: label })
  return judged('source-drift', 'drift', {
    where: label,
    count: lines.length,
    examples: lines.slice(0, examples),
    remedy: 'npx prisma migrate diff --from-migrations prisma/migrations --to-schema prisma/schema.prisma',
  })
}

const migrationRow = z.object({ name: z.string(), checksum: z.string(), finished: z.number(), rolledBack: z.number() })

/** Null for a file that was never migrated. */
function readAppliedMigrations(path: string, catalogue: SqliteCatalogue): readonly AppliedMigration[] | null {
  if (!catalogue.tables.some(({ name }) => name === '_prisma_migrations')) return null
  const db = openSqlite(path, { readonly: true })
  try {
    const rows = db
      .prepare(
        `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS rolledBack
         FROM _prisma_migrations ORDER BY started_at, migration_name`,
      )
      .all()
    return z
      .array(migrationRow)
      .parse(rows)
      .map((row) => ({ ...row, finished: row.finished === 1, rolledBack: row.rolledBack === 1 }))
  } finally {
    db.close()
  }
}

/** A word for a POSIX shell, quoted where it needs to be. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
