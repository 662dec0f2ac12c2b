import type pg from 'pg'
import type { SqliteCatalogue } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import type { Report } from '@/lib/core/progress'
import type { SafeSql } from '@/lib/core/quoted-name'
import type { RepairChoice } from '@/lib/core/repair-choice'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { TargetInspection } from '@/lib/postgres/inspect-target'
import type { TargetUrl } from '@/lib/postgres/target-url'
import type { ColumnProfile } from '@/lib/schema/column-type'
import { widerTypeFor } from '@/lib/schema/column-type'
import { mapTables, missingColumnOf } from '@/lib/schema/map-tables'
import { withOtherModel } from '@/lib/schema/other-model'
import { findUnusableNames } from '@/lib/schema/unusable-names'
import { runAside } from '@/lib/sqlite/run-aside'
import type { CheckedValues } from '@/lib/sqlite/values/checked-parts'
import { warmFile } from '@/lib/sqlite/warm-file'
import { createProgress, type VerificationProgress } from '@/lib/verification/progress-report'
import { findBrokenChecks } from './check-constraints'
import { checkSoundness } from './check-integrity'
import { checkReferences, meetsCondition } from './check-source'
import { checkTables } from './check-tables'
import type { Evidence } from './chunks'
import { findModelOrphans } from './model-references'
import { applyChoices } from './repairs/choose'
import { offerChoices } from './repairs/offer-choices'
import { planSchema, type SchemaModel, type SchemaPlan, type TypeOverride } from './schema-plan'
import type { TaskPool } from './threads/task-pool'

export interface CheckedMigration {
  readonly source: SqliteCatalogue
  readonly plan: SchemaPlan
  readonly mappings: readonly TableMapping[]
  readonly findings: readonly Finding[]
  /** What was seen of the values; it holds as long as nobody writes. */
  readonly evidence: Evidence
}

export interface CheckContext {
  readonly sourcePath: string
  readonly target: TargetUrl
  readonly model: SchemaModel
  readonly client: pg.Client
  readonly pool: TaskPool
  readonly report: Report
  readonly signal: AbortSignal
  /** Repairs that the administrator chose: what they cover is `repaired` and no longer blocks. Default: none. */
  readonly choices?: readonly RepairChoice[]
}

/** Turns the first failed check of an inspection into an error; a target that is fit throws nothing. */
export function requireReadyTarget(inspection: TargetInspection, setAside: boolean): void {
  const failed = inspection.checks.find((check) => check.status === 'failed')
  if (failed) {
    throw new AppError({
      code: failed.code ?? 'TARGET_UNREACHABLE',
      operation: 'check the target',
      subject: inspection.label,
      message: failed.message,
      ...(failed.hint === null ? {} : { hint: failed.hint }),
    })
  }
  if ((inspection.leftover === 'set-aside' || inspection.leftover === 'finished') && !setAside) {
    throw new AppError({
      code: 'TARGET_NOT_EMPTY',
      operation: 'check the target',
      subject: inspection.label,
      message:
        inspection.leftover === 'finished'
          ? 'The target holds a finished copy of an earlier run.'
          : 'The target holds an earlier copy, from which the app was switched back.',
      hint: 'Discard it, or choose to set it aside (in the terminal: --set-aside; its tables move to a schema of their own, nothing is deleted), or use another database.',
    })
  }
}

/**
 * Everything that can be known before a byte is written on the target: the file is whole, every reference leads
 * somewhere, the schema can be made there, every table has its place, every value can be held.
 *
 * @throws AppError SOURCE_*, MODEL_INVALID, SCHEMA_FAILED, TARGET_*; findings that block are answered, not thrown
 */
export async function checkMigration(context: CheckContext): Promise<CheckedMigration> {
  const { sourcePath, pool, signal, report } = context
  await warmFile(sourcePath, signal)
  const source = await pool.run('catalogue', { path: sourcePath })
  const names = findUnusableNames(source)
  // These tables cannot even be tried out on the target; the rest is checked all the same, so that everything is said at once.
  const unusable = new Set(names.map((finding) => finding.table))
  const nameable = { ...source, tables: source.tables.filter((table) => !unusable.has(table.name)) }
  const [, references, planned] = await Promise.all([
    checkSoundness(sourcePath, signal),
    checkReferences(sourcePath, source, signal),
    planAndCheckValues(nameable, context).catch((error: unknown) => {
      const isModelRefused = error instanceof AppError && error.code === 'SCHEMA_FAILED'
      if (!isModelRefused || names.length === 0) throw error
      // The model says what the file says, and the server refuses it for that: the findings say it better.
      return planAndCheckValues(nameable, { ...context, model: { kind: 'introspect' } })
    }),
  ])
  const found = [...names, ...references, ...planned.findings]
  let findings = offerChoices(found, source, planned.mappings)
  try {
    findings = applyChoices(findings, context.choices ?? [], source)
  } finally {
    // Also before a choice is refused: they say what is possible.
    for (const finding of findings) report({ type: 'finding', finding })
  }
  return { source, plan: planned.plan, mappings: planned.mappings, findings, evidence: planned.evidence }
}

/** How often types that we chose ourselves may be widened because of what their values turn out to be. */
const maximumRounds = 3

/** The schema as it will stand on the target, and every value against it; the part of `checkMigration` that needs the target. */
export async function planAndCheckValues(source: SqliteCatalogue, context: CheckContext): Promise<Omit<CheckedMigration, 'source'>> {
  const profiles = new Map<string, ReadonlyMap<string, ColumnProfile>>()
  const overrides = new Map<string, Map<string, TypeOverride>>()
  /** By table, of the last look at it: in the types that it is given in the end. */
  const checked = new Map<string, CheckedValues>()
  const progress = createProgress('checks', context.report)
  const ask = (sql: SafeSql) => runAside({ path: context.sourcePath, readonly: true, sql }, context.signal)
  for (let round = 1; ; round += 1) {
    const plan = await planSchema(source, context.model, context.target.schema, overrides, {
      client: context.client,
      profile: async (table) => {
        const known = profiles.get(table.name) ?? (await context.pool.run('profile', { path: context.sourcePath, table }))
        profiles.set(table.name, known)
        return known
      },
      meets: (table, condition) => meetsCondition(context.sourcePath, table, condition, context.signal),
      ask,
    })
    const mapped = mapTables(source, plan.catalogue)
    const { tables } = mapped
    const unseen = tables.filter((mapping) => !checked.has(mapping.table))
    for (const [table, found] of await checkValues(unseen, plan, context, progress)) checked.set(table, found)
    const again = round < maximumRounds ? widenRefused(plan, checked, profiles, overrides) : []
    if (again.length === 0) {
      const broken = await findBrokenChecks(context.sourcePath, source, plan.catalogue, context.signal)
      const leftBehind = await easeForEmptyTables(mapped.leftBehind, source, context)
      const orphans = await findModelOrphans(source, plan.references, ask)
      progress.finish()
      const values = [...checked.values()].flatMap(({ findings }) => findings)
      return {
        plan,
        mappings: tables,
        findings: withOtherModel(plan.otherModel, [...plan.findings, ...leftBehind, ...broken, ...orphans, ...values]),
        evidence: new Map([...checked].flatMap(([table, { evidence }]) => (evidence === null ? [] : [[table, evidence] as const]))),
      }
    }
    for (const table of again) checked.delete(table)
  }
}

/** A required column that only the model has stops nothing in a table without rows: people try a new model on an old file. */
async function easeForEmptyTables(
  findings: readonly Finding[],
  source: SqliteCatalogue,
  { sourcePath, signal }: CheckContext,
): Promise<readonly Finding[]> {
  const eased: Finding[] = []
  for (const finding of findings) {
    const table = source.tables.find(({ name }) => name === finding.table)
    const isAsked = table && finding.code === 'COLUMN_NOT_IN_SOURCE' && finding.severity === 'blocks'
    const isEmpty = isAsked && !(await meetsCondition(sourcePath, table, 'TRUE', signal))
    eased.push(isEmpty ? missingColumnOf(finding.table, finding.column ?? '', true) : finding)
  }
  return eased
}

async function checkValues(
  mappings: readonly TableMapping[],
  plan: SchemaPlan,
  { pool, sourcePath }: CheckContext,
  progress: VerificationProgress,
): Promise<ReadonlyMap<string, CheckedValues>> {
  progress.plan(mappings.map(({ table }) => ({ table, rowsTotal: null })))
  const started = new Set<string>()
  return checkTables(mappings, {
    path: sourcePath,
    pool,
    uniqueKeysOf: (table) => uniqueKeysOf(plan, table),
    onRows: (table, rows) => {
      if (!started.has(table)) progress.start(table)
      started.add(table)
      progress.advance(table, rows, 0)
    },
    onTable: (table, rows, { findings }) =>
      progress.finishTable(table, rows, findings.some((finding) => finding.severity === 'blocks') ? 'failed' : 'done'),
  })
}

/** Whole unique indexes over columns, the primary key included: the file may not have them, and two of its values may become one. */
export function uniqueKeysOf(plan: SchemaPlan, table: string): readonly (readonly string[])[] {
  const target = plan.catalogue.tables.find((candidate) => candidate.name === table)
  return (target?.indexes ?? []).flatMap((index) => {
    const columns = index.columns.filter((column) => column !== null)
    const isWhole = index.unique && !index.partial && columns.length === index.columns.length
    return isWhole ? [columns] : []
  })
}

/** Gives a wider type to columns whose type we chose and whose values do not fit it. Answers the tables concerned. */
function widenRefused(
  plan: SchemaPlan,
  checked: ReadonlyMap<string, CheckedValues>,
  profiles: ReadonlyMap<string, ReadonlyMap<string, ColumnProfile>>,
  overrides: Map<string, Map<string, TypeOverride>>,
): readonly string[] {
  const changed = new Set<string>()
  for (const [table, types] of plan.chosenTypes) {
    for (const [column, type] of types) {
      const refusals = (checked.get(table)?.findings ?? []).filter((finding) => finding.column === column && finding.severity === 'blocks')
      const [because] = refusals
      const profile = profiles.get(table)?.get(column)
      const wider = because && profile ? widerTypeFor(type, refusals, profile) : null
      if (!because || wider === null || wider === type) continue
      const columns = overrides.get(table) ?? new Map<string, TypeOverride>()
      overrides.set(table, columns.set(column, { type: wider, because }))
      changed.add(table)
    }
  }
  return [...changed]
}
