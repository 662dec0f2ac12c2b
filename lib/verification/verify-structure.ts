import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import type { PostgresCatalogue } from '@/lib/core/catalogue'
import { createFinding, type Finding } from '@/lib/core/finding'
import { describeStructure, readStructureRecord } from '@/lib/postgres/structure-record'
import { comparePrivileges } from './compare-privileges'
import { compareRecord } from './compare-record'
import { compareSequences } from './compare-sequences'
import { compareStructure } from './compare-structure'
import type { TablePair } from './compared-tables'
import { findDoubtful } from './doubtful-structure'
import { findOrphans } from './find-orphans'
import { readTargetStructure } from './target-structure'
import type { Aspect, AspectName } from './verification-result'

export interface StructureVerification {
  readonly findings: readonly Finding[]
  readonly aspects: readonly Aspect[]
}

/**
 * Holds the target's structure against two things: the source's, as far as the two engines have the same words, and the
 * record that was made when the copy was finished, which knows the rest (types, defaults, enum labels, triggers …).
 */
export async function verifyStructure(
  client: pg.Client,
  pairs: readonly TablePair[],
  target: PostgresCatalogue,
  isIdentical: (table: string) => boolean,
  signal: AbortSignal,
): Promise<StructureVerification> {
  const { schema } = target
  const structure = await readTargetStructure(client, schema)
  const recorded = await readRecord(client)
  const present = await describeStructure(client, schema)
  const both = pairs.flatMap(({ source, target }) => (source && target ? [{ source, target }] : []))
  const sourceTables = both.map(({ source }) => source)
  const bySource: Finding[] = []
  for (const pair of both) {
    throwIfAborted(signal)
    bySource.push(...compareStructure(pair.source, sourceTables, pair.target, structure, recorded ? 'note' : 'blocks'))
  }
  const sequences = await compareSequences(client, both)
  const byRecord = recorded ? compareRecord(recorded, present, schema) : { findings: findDoubtful(present), migratedSince: [] }
  const orphans = await findOrphans(
    client,
    schema,
    both.map(({ source }) => source),
    structure,
    isIdentical,
  )
  const tables = new Set(both.map((pair) => pair.target.name))
  const privileges = await comparePrivileges(client, schema, [...tables])
  const findings = [
    ...(byRecord.migratedSince.length > 0 ? [schemaMigrated(byRecord.migratedSince)] : []),
    ...withoutDoubles(bySource, byRecord.findings),
    ...sequences,
    ...orphans.findings,
    ...privileges.findings,
  ]
  const count = (kinds: readonly string[]) => present.filter(({ kind, table }) => kinds.includes(kind) && tables.has(table)).length
  const checked: Record<Exclude<AspectName, 'files'>, number> = {
    sequences: both.flatMap((pair) => pair.target.columns).filter(({ sequence }) => sequence !== null).length,
    constraints: count(['constraint']),
    indexes: structure.indexes.filter(({ table }) => tables.has(table)).length,
    columns: count(['column', 'table']),
    triggers: count(['trigger', 'rule', 'policy']),
    orphans: orphans.checked,
    privileges: privileges.checked,
  }
  return { findings, aspects: aspectsOf(findings, checked) }
}

/** The outcome of each aspect: its findings that stop are failures, and what could not be asked makes it unknown. */
export function aspectsOf(findings: readonly Finding[], checked: Readonly<Partial<Record<AspectName, number>>>): readonly Aspect[] {
  // The names are this record's own keys.
  const names = Object.keys(checked) as AspectName[]
  return names.map((name) => {
    const own = findings.filter((finding) => aspectOf(finding.code) === name)
    const failed = own.filter(({ severity, code }) => severity === 'blocks' && !code.endsWith('_UNKNOWN')).length
    const isUnknown = own.some(({ code }) => code.endsWith('_UNKNOWN'))
    return { name, status: failed > 0 ? 'failed' : isUnknown ? 'unknown' : 'passed', checked: checked[name] ?? 0, failed }
  })
}

const prefixes: readonly (readonly [prefix: RegExp, aspect: AspectName])[] = [
  [/^SEQUENCE/, 'sequences'],
  [/^(UNIQUE_)?INDEX/, 'indexes'],
  [/^(PRIMARY_KEY|FOREIGN_KEY|CONSTRAINT|CHECK)/, 'constraints'],
  [/^ORPHANS/, 'orphans'],
  [/^(PRIVILEGE|SETTING)/, 'privileges'],
  [/^CV_/, 'files'],
  [/^(TRIGGER|RULE|POLICY|ROW_SECURITY)/, 'triggers'],
  [/^(COLUMN|NOT_NULL|GENERATED|DEFAULT|IDENTITY|ENUM|TABLE)/, 'columns'],
]

function aspectOf(code: string): AspectName | null {
  return prefixes.find(([prefix]) => prefix.test(code))?.[1] ?? null
}

/** A role that may not read the bookkeeping still verifies, without the record. */
async function readRecord(client: pg.Client) {
  await client.query('SAVEPOINT read_record')
  try {
    return await readStructureRecord(client)
  } catch {
    await client.query('ROLLBACK TO SAVEPOINT read_record')
    return null
  }
}

/** The record knows the exact words; what the source says of the same object adds nothing but for switched-off foreign keys. */
function withoutDoubles(bySource: readonly Finding[], byRecord: readonly Finding[]): readonly Finding[] {
  const isSpecific = ({ code }: Finding) =>
    code === 'FOREIGN_KEY_DISABLED' || code === 'FOREIGN_KEY_NOT_VALIDATED' || code === 'INDEX_INVALID'
  const isSame = (one: Finding, other: Finding) =>
    one.table === other.table &&
    aspectOf(one.code) === aspectOf(other.code) &&
    (one.column === null || other.column === null || one.column === other.column)
  const specific = bySource.filter(isSpecific)
  const general = bySource.filter((finding) => !isSpecific(finding))
  const kept = byRecord.filter((finding) => !specific.some((other) => other.table === finding.table && other.shape === finding.shape))
  return [
    ...specific,
    ...general.filter((finding) => !kept.some((other) => other.severity === 'blocks' && isSame(finding, other))),
    ...kept,
  ]
}

function schemaMigrated(names: readonly string[]): Finding {
  return createFinding({
    code: 'SCHEMA_MIGRATED_SINCE',
    severity: 'note',
    count: names.length,
    shape: names.slice(0, 5).join(', '),
    params: { names: names.slice(0, 5).join(', ') },
    message: 'Schema migrations were applied on the target since the copy, so that its structure may rightly be another.',
    hint: 'Look through the notes of this report: each says what is other than it was.',
  })
}
