import { isAbsolute, relative } from 'node:path'
import { throwIfAborted } from '@/lib/core/abort'
import type { SqliteCatalogue } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import type { Report } from '@/lib/core/progress'
import { offerChoices } from '@/lib/migration/repairs/offer-choices'
import type { SchemaModel } from '@/lib/migration/schema-plan'
import { asTargetUrl, type TargetUrl, targetLabel } from '@/lib/postgres/target-url'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { openSqlite } from '@/lib/sqlite/open-database'
import { decideVerdict, errorOf, judged, put, type Question, unasked } from './ask'
import { type CheckCode, type CheckGroup, checkCatalogue, checkGroups } from './check-catalogue'
import { fileQuestions, type OwnApp, ownQuestions, serverQuestions } from './own-app'
import { makePlan } from './plan'
import type { PreflightCheck, PreflightPlan, PreflightResult } from './preflight-result'
import { fingerprintsOf } from './secret-checks'
import { sourceQuestions } from './source-checks'
import { askTarget, type TargetAnswers, targetCodes } from './target-checks'
import { judgeTargetHistory, readExtensionNames } from './target-history'
import { thresholds } from './thresholds'
import { askValues, judgeFindings, type ValuesAnswer } from './values-checks'

export interface PreflightOptions {
  /** Absolute path of the SQLite file. */
  readonly sourcePath: string
  readonly targetUrl: TargetUrl | string
  readonly model: SchemaModel
  /** Where the safety copy would go. */
  readonly workDir: string
  /** The host app with its files and keys; null for a file of an app that we do not know. */
  readonly own: OwnApp | null
}

/** The phases of a preflight, in order: its groups, and the plan. */
export const preflightPhases = [...checkGroups, 'plan'] as const

/**
 * Asks everything that can be asked before a migration, and writes nothing. Each question has its own time-out and fails
 * alone; what could not be asked is unknown.
 *
 * @throws AppError CANCELLED; TARGET_URL_* for a target that cannot be read at all
 */
export async function runPreflight(options: PreflightOptions, report: Report, signal: AbortSignal): Promise<PreflightResult> {
  const started = performance.now()
  const startedAt = new Date().toISOString()
  const target = asTargetUrl(options.targetUrl)
  const run = new PreflightRun(options, target, report, signal)
  report({ type: 'plan', phases: [...preflightPhases] })
  for (const group of checkGroups) await run.phase(group, () => run.ask(group))
  const plan = await run.phase('plan', () => run.plan())
  return {
    verdict: decideVerdict(run.checks),
    startedAt,
    elapsedMs: performance.now() - started,
    source: labelOf(options.sourcePath),
    target: targetLabel(target),
    checks: inOrder(run.checks),
    findings: [...run.findings],
    leftOut: options.own === null ? ['files', 'secrets'] : [],
    fingerprints: options.own === null ? [] : [...fingerprintsOf(options.own.secrets)],
    plan,
    targetSchemaSql: run.values?.targetSchemaSql ?? null,
  }
}

/** What one group learns, later groups use: the catalogue, the server's facts, the plan. */
class PreflightRun {
  readonly checks: PreflightCheck[] = []
  findings: readonly Finding[] = []
  values: ValuesAnswer | null = null
  #catalogue: SqliteCatalogue | null = null
  #target: TargetAnswers | null = null

  constructor(
    private readonly options: PreflightOptions,
    private readonly target: TargetUrl,
    private readonly report: Report,
    private readonly signal: AbortSignal,
  ) {}

  async phase<T>(phase: string, use: () => Promise<T>): Promise<T> {
    throwIfAborted(this.signal)
    const started = performance.now()
    this.report({ type: 'phase', phase, status: 'started' })
    const before = this.checks.length
    const result = await use()
    const made = this.checks.slice(before)
    const facts = made.length === 0 ? {} : { checks: made.length, passed: made.filter(({ status }) => status === 'passed').length }
    const status = made.some((check) => check.status === 'failed') ? 'failed' : 'succeeded'
    this.report({ type: 'phase', phase, status, elapsedMs: performance.now() - started, facts })
    return result
  }

  async ask(group: CheckGroup): Promise<void> {
    switch (group) {
      case 'source':
        return this.#askSource()
      case 'target':
        return this.#askTarget()
      case 'values':
        return this.#askValues()
      case 'files':
        return this.#putAll(fileQuestions({ ...this.options, databaseBytes: this.#sourceBytes() }, this.report))
      case 'secrets':
        return this.#putAll(this.options.own === null ? [] : ownQuestions(this.options.own))
      case 'server':
        return this.#putAll(serverQuestions(this.options.own, this.#target?.facts ?? null))
    }
  }

  async plan(): Promise<PreflightPlan | null> {
    const { sourcePath, own } = this.options
    const catalogue = this.#catalogue
    if (!catalogue) return null
    const tables = this.values?.mappings.map(({ table }) => table) ?? catalogue.tables.map(({ name }) => name)
    const measured = await own?.readMeasuredRun().catch(() => null)
    try {
      return await makePlan({ sourcePath, catalogue, tables, measured: measured ?? null }, this.signal)
    } catch (error) {
      throwIfAborted(this.signal)
      this.report({ type: 'log', level: 'warn', message: `The plan could not be made: ${errorOf(error).message}` })
      return null
    }
  }

  async #askSource(): Promise<void> {
    const path = this.options.sourcePath
    const label = labelOf(path)
    try {
      const db = openSqlite(path, { readonly: true })
      try {
        this.#catalogue = readSqliteCatalogue(db)
      } finally {
        db.close()
      }
    } catch (error) {
      this.#add([judged('source-file', 'refused', { where: path, error: errorOf(error) })])
      const reason = new AppError({ code: 'SOURCE_UNREADABLE', message: 'Not checked: the SQLite file could not be opened.' })
      const codes = this.#codesOf('source').filter((code) => code !== 'source-file')
      this.#add(codes.map((code) => unasked(code, reason, { where: label })))
      return
    }
    const catalogue = this.#catalogue
    const params = { sizeBytes: catalogue.pageCount * catalogue.pageSize, tables: catalogue.tables.length, version: catalogue.version }
    this.#add([judged('source-file', 'read', { where: label, params })])
    const migrationsFolder = this.options.own?.histories.sqlite ?? null
    await this.#putAll(sourceQuestions({ path, label, catalogue, migrationsFolder, onFindings: (findings) => this.#find(findings) }))
  }

  async #askTarget(): Promise<void> {
    const extensions = await readExtensionNames(this.options.model).catch(() => [])
    const question: Question = {
      codes: targetCodes,
      timeoutMs: thresholds.timeouts.targetMs,
      ask: async (signal) => {
        this.#target = await askTarget({ target: this.target, sourceBytes: this.#sourceBytes(), extensions }, signal)
        return this.#target.checks
      },
    }
    await this.#putAll([question])
    const own = this.options.own
    if (own) {
      const ask = async () => [await judgeTargetHistory(own.root)]
      await this.#putAll([{ codes: ['target-history'], timeoutMs: thresholds.timeouts.quickMs, ask }])
    }
  }

  async #askValues(): Promise<void> {
    const { sourcePath, model } = this.options
    const codes = ['values-held', 'values-structure'] as const
    const catalogue = this.#catalogue
    const inspection = this.#target?.inspection
    const label = labelOf(sourcePath)
    if (!catalogue || inspection?.serverVersion == null) {
      const message = catalogue
        ? 'Not checked: which values PostgreSQL can hold depends on the types that this server gives them, and it was not reached.'
        : 'Not checked: the SQLite file could not be opened.'
      const reason = new AppError({ code: catalogue ? 'TARGET_UNREACHABLE' : 'SOURCE_UNREADABLE', message })
      this.#add(codes.map((code) => unasked(code, reason, { where: label })))
      return
    }
    const isOccupied = inspection.checks.some(({ name, status }) => name === 'empty' && status !== 'passed')
    const question: Question = {
      codes,
      timeoutMs: thresholds.timeouts.wholeMs,
      ask: async (signal) => {
        const answer = await askValues({ sourcePath, catalogue, target: this.target, isOccupied, model, report: this.report }, signal)
        this.values = answer
        // What is wrong with references was seen before the tables had their places on the target, which decide what can be repaired.
        this.findings = offerChoices(this.findings, catalogue, answer.mappings)
        this.#find(answer.findings)
        for (const finding of answer.findings) this.report({ type: 'finding', finding })
        return judgeFindings(answer.findings, label, answer.mappings.length)
      },
    }
    await this.#putAll([question])
  }

  async #putAll(questions: readonly Question[]): Promise<void> {
    for (const question of questions) this.#add(await put(question, this.signal))
  }

  #find(findings: readonly Finding[]): void {
    this.findings = [...this.findings, ...findings]
  }

  #add(checks: readonly PreflightCheck[]): void {
    this.checks.push(...checks)
    for (const check of checks) {
      if (check.status === 'passed') continue
      const level = check.status === 'failed' ? 'error' : 'warn'
      this.report({ type: 'log', level, message: `${check.code}: ${check.outcome}${check.where === null ? '' : ` (${check.where})`}` })
    }
  }

  #sourceBytes(): number | null {
    return this.#catalogue && this.#catalogue.pageCount * this.#catalogue.pageSize
  }

  /** Of a file that is not the app's own, the history is nobody's to judge. */
  #codesOf(group: CheckGroup): readonly CheckCode[] {
    const own: readonly CheckCode[] = ['source-history', 'source-drift']
    const codes = (Object.keys(checkCatalogue) as CheckCode[]).filter((code) => checkCatalogue[code].group === group)
    return this.options.own === null ? codes.filter((code) => !own.includes(code)) : codes
  }
}

/** As the catalogue has them, whichever was answered first. */
function inOrder(checks: readonly PreflightCheck[]): PreflightCheck[] {
  const rank = new Map((Object.keys(checkCatalogue) as CheckCode[]).map((code, index) => [code, index]))
  return [...checks].sort((a, b) => (rank.get(a.code) ?? 0) - (rank.get(b.code) ?? 0))
}

function labelOf(path: string): string {
  const inside = relative(process.cwd(), path)
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside
}
