import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import type { SqliteCatalogue } from '@/lib/core/catalogue'
import type { Finding } from '@/lib/core/finding'
import type { ProgressEvent, Report } from '@/lib/core/progress'
import { quoteName } from '@/lib/core/quoted-name'
import type { TableMapping } from '@/lib/core/table-mapping'
import { planAndCheckValues } from '@/lib/migration/checks'
import { offerChoices } from '@/lib/migration/repairs/offer-choices'
import { type SchemaModel, schemaSqlOf } from '@/lib/migration/schema-plan'
import { createTaskPool } from '@/lib/migration/threads/task-pool'
import { connectPostgres } from '@/lib/postgres/connect'
import type { TargetUrl } from '@/lib/postgres/target-url'
import { findUnusableNames } from '@/lib/schema/unusable-names'
import { judged } from './ask'
import type { PreflightCheck } from './preflight-result'
import { thresholds } from './thresholds'

export interface ValuesQuestion {
  readonly sourcePath: string
  readonly catalogue: SqliteCatalogue
  readonly target: TargetUrl
  /** Whether objects stand where the tables would go; the plan is then tried out beside them. */
  readonly isOccupied: boolean
  readonly model: SchemaModel
  readonly report: Report
}

export interface ValuesAnswer {
  /** With the repairs that the migration would offer. */
  readonly findings: readonly Finding[]
  readonly mappings: readonly TableMapping[]
  readonly targetSchemaSql: string
}

/**
 * The engine's own plan and value check: the target's schema is made inside a transaction that is rolled back, and every
 * value is put through the rules of the copy. Where the target is occupied, the plan is made in a schema of a name that
 * nobody has, so that a target which has to be emptied first does not hide what is wrong with the source.
 *
 * @throws AppError SOURCE_*, MODEL_INVALID, SCHEMA_FAILED, TARGET_*, CANCELLED
 */
export async function askValues(question: ValuesQuestion, signal: AbortSignal): Promise<ValuesAnswer> {
  const { sourcePath, catalogue, model } = question
  const scratch = `bascule_preflight_${randomBytes(4).toString('hex')}`
  const target = question.isOccupied ? { ...question.target, schema: scratch } : question.target
  const names = findUnusableNames(catalogue)
  const unusable = new Set(names.map(({ table }) => table))
  const nameable = { ...catalogue, tables: catalogue.tables.filter(({ name }) => !unusable.has(name)) }
  const pool = await createTaskPool({ size: 2, sourcePath }, signal)
  let client: pg.Client | undefined
  try {
    client = await connectPostgres(target, { applicationName: 'bascule preflight', signal })
    const report = renamePhase(question.report, 'checks', 'values')
    const planned = await planAndCheckValues(nameable, { sourcePath, target, model, client, pool, report, signal })
    const sql = schemaSqlOf(planned.plan)
    return {
      findings: offerChoices([...names, ...planned.findings], catalogue, planned.mappings),
      mappings: planned.mappings,
      targetSchemaSql: question.isOccupied ? sql.replaceAll(quoteName(scratch), quoteName(question.target.schema)) : sql,
    }
  } finally {
    await pool.close()
    await client?.end().catch(() => undefined)
  }
}

/** What the findings come to: those about rows, and those about structure. */
export function judgeFindings(findings: readonly Finding[], label: string, values: number): readonly PreflightCheck[] {
  const isValue = ({ key, shape, column, severity }: Finding) =>
    key !== null || (severity === 'blocks' && column !== null && shape !== null)
  const [rows, structure] = [findings.filter(isValue), findings.filter((finding) => !isValue(finding))]
  const refusedRows = rows.filter(({ severity }) => severity === 'blocks')
  const refusedStructure = structure.filter(({ severity }) => severity === 'blocks')
  const changed = structure.filter(({ severity }) => severity !== 'blocks')
  return [
    refusedRows.length > 0
      ? judged('values-held', 'refused', {
          where: label,
          ...summary(refusedRows),
          params: { rows: refusedRows.reduce((sum, { count }) => sum + count, 0) },
        })
      : rows.length > 0
        ? judged('values-held', 'noted', { where: label, ...summary(rows) })
        : judged('values-held', 'exact', { where: label, params: { tables: values } }),
    refusedStructure.length > 0
      ? judged('values-structure', 'refused', { where: label, ...summary(refusedStructure) })
      : changed.length > 0
        ? judged('values-structure', 'changed', { where: label, ...summary(changed) })
        : judged('values-structure', 'whole', { where: label }),
  ]
}

function summary(findings: readonly Finding[]) {
  const place = ({ table, column, code }: Finding) => `${[table, column].filter((part) => part !== null).join('.')} ${code}`.trim()
  return { count: findings.length, examples: [...new Set(findings.map(place))].slice(0, thresholds.examples) }
}

/** The pipeline's own words for its phase are not those of the preflight. */
function renamePhase(report: Report, from: string, to: string): Report {
  return (event: ProgressEvent) => report('phase' in event && event.phase === from ? { ...event, phase: to } : event)
}
