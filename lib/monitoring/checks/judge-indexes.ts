import { qualifiedName, quoteNames } from '@/lib/core/quoted-name'
import type { HealthCheck, IndexFigures, PostgresPanels } from '@/lib/monitoring/health-report'
import type { Thresholds } from '@/lib/monitoring/thresholds'
import { item, judged, listed, maintain, unknown } from './check'

/** Indexes that are broken, missing, double or of no use. Nothing that a constraint, a foreign key or the model needs is offered to be dropped. */
export function judgeIndexes(panels: PostgresPanels, schema: string, thresholds: Thresholds, now: Date): readonly HealthCheck[] {
  const { indexes, indexGaps, expectedIndexes } = panels
  const drop = (index: IndexFigures) => `DROP INDEX CONCURRENTLY ${qualifiedName(index.schema, index.index)};`
  const sizeParams = ({ sizeBytes, table }: IndexFigures) => ({ table, sizeBytes: sizeBytes ?? 0 })
  return [
    judged('index-invalid', indexes, (all) =>
      listed(
        'index-invalid',
        all
          .filter(({ isValid }) => !isValid)
          .map((index) =>
            isLeftover(index.index)
              ? item(index.index, 'warning', {
                  wording: 'leftover',
                  params: sizeParams(index),
                  sql: drop(index),
                  action: maintain('drop-index', [index.index]),
                })
              : item(index.index, 'critical', {
                  params: sizeParams(index),
                  sql: `REINDEX INDEX CONCURRENTLY ${qualifiedName(schema, index.index)};`,
                  action: maintain('reindex-index', [index.index]),
                }),
          ),
      ),
    ),
    judged('index-expected-missing', expectedIndexes, ({ missing }) =>
      listed(
        'index-expected-missing',
        missing.map(({ table, index, definition, kind }) =>
          kind === 'index'
            ? item(index, 'warning', { params: { table }, sql: `${concurrently(definition)};`, action: maintain('restore-index', [index]) })
            : item(index, 'critical', {
                params: { table },
                wording: 'constraint',
                sql: `ALTER TABLE ${qualifiedName(schema, table)} ADD CONSTRAINT "${index.replaceAll('"', '""')}" ${definition};`,
              }),
        ),
      ),
    ),
    judged('foreign-key-unindexed', indexGaps, ({ foreignKeys }) =>
      listed(
        'foreign-key-unindexed',
        foreignKeys.map(({ table, constraint, columns, references, rows }) =>
          item(`${table} (${columns.join(', ')})`, (rows ?? 0) >= thresholds.indexedFromRows ? 'warning' : 'info', {
            params: { references, rows: rows ?? 0 },
            sql: `CREATE INDEX CONCURRENTLY ON ${qualifiedName(schema, table)} (${quoteNames(columns)});`,
            action: maintain('index-foreign-key', [constraint]),
          }),
        ),
      ),
    ),
    judged('index-duplicate', indexes, (all) =>
      listed(
        'index-duplicate',
        duplicatesOf(all).map(({ index, of }) =>
          item(index.index, 'info', {
            params: { ...sizeParams(index), of: of.index },
            wording: index.inModel ? 'model' : 'item',
            sql: drop(index),
            action: index.inModel ? null : maintain('drop-index', [index.index]),
          }),
        ),
      ),
    ),
    judged('index-covered', indexes, (all) =>
      listed(
        'index-covered',
        coveredBy(all).map(({ index, of }) =>
          item(index.index, 'info', {
            params: { ...sizeParams(index), of: of.index, longerBytes: of.sizeBytes ?? 0 },
            wording: index.inModel ? 'model' : 'item',
            sql: drop(index),
            action: index.inModel ? null : maintain('drop-index', [index.index]),
          }),
        ),
      ),
    ),
    judgeUnused(panels, schema, thresholds, now),
  ]
}

/** Exact doubles that may go: of each set the one that serves a constraint, is unique, is on record or has the shorter name stays. Pure. */
export function duplicatesOf(indexes: readonly IndexFigures[]): readonly { readonly index: IndexFigures; readonly of: IndexFigures }[] {
  const sets = new Map<string, IndexFigures[]>()
  for (const index of indexes.filter(({ isValid }) => isValid)) sets.set(index.likeness, [...(sets.get(index.likeness) ?? []), index])
  return [...sets.values()].flatMap((set) => {
    const [of, ...others] = set.toSorted(
      (left, right) => worth(right) - worth(left) || left.index.length - right.index.length || (left.index < right.index ? -1 : 1),
    )
    if (!of) return []
    // A second unique index is a constraint of its own to somebody: only plain ones, or unique beside unique, without constraint.
    return others.filter(({ constraint, isNeeded }) => constraint === null && !isNeeded).map((index) => ({ index, of }))
  })
}

/**
 * Indexes whose columns another one begins with: (a) beside (a, b). Every search that the first serves, the second serves too.
 * Unique ones enforce something and stay; so does what a constraint or a foreign key needs. Exact doubles are told apart. Pure.
 */
export function coveredBy(indexes: readonly IndexFigures[]): readonly { readonly index: IndexFigures; readonly of: IndexFigures }[] {
  const families = new Map<string, IndexFigures[]>()
  for (const index of indexes.filter(({ isValid }) => isValid)) families.set(index.family, [...(families.get(index.family) ?? []), index])
  const isBegun = (index: IndexFigures, by: IndexFigures) =>
    by.keys.length > index.keys.length && index.keys.every((key, place) => by.keys[place] === key)
  return indexes.flatMap((index) => {
    if (!index.isPlain || !index.isValid || index.isUnique || index.constraint !== null || index.isNeeded) return []
    const [of] = (families.get(index.family) ?? [])
      .filter((other) => isBegun(index, other))
      .toSorted((left, right) => left.keys.length - right.keys.length || (left.sizeBytes ?? 0) - (right.sizeBytes ?? 0))
    return of ? [{ index, of }] : []
  })
}

/** Whether REINDEX CONCURRENTLY left it behind. https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY */
export function isLeftover(index: string): boolean {
  return /_cc(new|old)\d*$/.test(index)
}

/** The statement of a definition on record, building without a lock on writes. */
export function concurrently(definition: string): string {
  return definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ')
}

function judgeUnused({ indexes, server, replication }: PostgresPanels, schema: string, thresholds: Thresholds, now: Date): HealthCheck {
  return judged('index-unused', indexes, (all) => {
    if (server.status === 'unknown') return unknown('index-unused', server.reason)
    // Never reset: they are at least as old as the server's run. A reset is on record.
    const since = server.data.statisticsSince ?? server.data.startedAt
    const ageMs = now.getTime() - Date.parse(since)
    if (ageMs < thresholds.unusedAfterMs) return unknown('index-unused', 'too-young', { ageMs, neededMs: thresholds.unusedAfterMs })
    const hasReplicas = replication.status === 'known' && replication.data.replicas.length > 0
    const unused = all.filter(
      ({ scans, isUnique, isValid, constraint, isNeeded, sizeBytes }) =>
        scans === 0 && !isUnique && isValid && constraint === null && !isNeeded && (sizeBytes ?? 0) >= thresholds.unusedIndexBytes,
    )
    return listed(
      'index-unused',
      // No button: next month's report may be what needs it, and the model may ask for it.
      unused.map((index) =>
        item(index.index, 'info', {
          params: { table: index.table, sizeBytes: index.sizeBytes ?? 0 },
          wording: index.inModel ? 'model' : hasReplicas ? 'replicas' : 'item',
          sql: `DROP INDEX CONCURRENTLY ${qualifiedName(schema, index.index)};`,
        }),
      ),
      { ageMs },
    )
  })
}

function worth({ constraint, isUnique, isNeeded, inModel }: IndexFigures): number {
  return (constraint === null ? 0 : 8) + (isNeeded ? 4 : 0) + (isUnique ? 2 : 0) + (inModel ? 1 : 0)
}
