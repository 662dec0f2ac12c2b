import { completeFinding, type Finding } from '@/lib/core/finding'
import { checkGroups } from '@/lib/preflight/check-catalogue'
import type { PreflightCheck, PreflightPlan, PreflightResult } from '@/lib/preflight/preflight-result'
import { printFinding } from '@/scripts/migrate/finding-output'
import { formatBytes, formatMs, nameOf, wordsOf } from './preflight-words'

const marks = { passed: '✓', failed: '✗', warning: '!', unknown: '?' } as const

/** The preflight for people: groups with marks and remedies, the plan, the verdict; the SQL last when it is wanted here. */
export function printPreflight(result: PreflightResult, withSql: boolean): string {
  const groups = checkGroups.flatMap((group) => printGroup(group, result))
  const sql = withSql && result.targetSchemaSql !== null ? ['', 'SQL of the target’s schema', '', result.targetSchemaSql.trim(), ''] : []
  return [...groups, ...printPlan(result.plan), ...sql, ...printVerdict(result)].join('\n')
}

/** The result object of `--json`: the contract's own keys, and beside them what only a dry run has. */
export function jsonOfPreflight(result: PreflightResult): object {
  const { findings, plan, targetSchemaSql, ...preflight } = result
  const isFit = exitStatusOfPreflight(result) === 0
  return {
    status: isFit ? 'succeeded' : 'failed',
    dryRun: true,
    tables: (plan?.tables ?? []).map(({ table, rows }) => ({
      table,
      sourceRows: rows,
      targetRows: null,
      content: 'unknown',
      differences: [],
    })),
    findings: [...preflight.checks.filter(({ status }) => status !== 'passed').map(findingOf), ...findings],
    elapsedMs: Math.round(result.elapsedMs),
    preflight: { ...preflight, checks: preflight.checks.map((check) => ({ ...check, ...wordsOf(check) })) },
    plan,
    targetSchemaSql,
  }
}

/** 0 when nothing stands in the way, 1 when something does or cannot be known. */
export function exitStatusOfPreflight({ verdict }: Pick<PreflightResult, 'verdict'>): 0 | 1 {
  return verdict === 'ready' || verdict === 'ready-with-warnings' ? 0 : 1
}

/** A check that did not pass, in the shape of the contract's findings. */
function findingOf(check: PreflightCheck): Finding {
  const { what, hint } = wordsOf(check)
  return completeFinding({
    code: `${check.code}.${check.outcome}`.toUpperCase().replace(/[^A-Z0-9]/g, '_'),
    severity: check.status === 'failed' ? 'blocks' : 'note',
    count: check.count ?? 1,
    message: check.where === null ? what : `${check.where}: ${what}`,
    hint: [hint, check.remedy].filter((part) => part !== null).join(' '),
  })
}

function printGroup(group: (typeof checkGroups)[number], { checks, leftOut }: PreflightResult): readonly string[] {
  const own = checks.filter((check) => check.group === group)
  const note = leftOut.includes(group) ? ['  – what belongs to an app is left out: the app behind this file is not known'] : []
  return own.length === 0 && note.length === 0 ? [] : [nameOf.group(group), ...own.flatMap(printCheck), ...note, '']
}

function printCheck(check: PreflightCheck): readonly string[] {
  const { title, what, why, hint } = wordsOf(check)
  const first = `  ${marks[check.status]} ${title}: ${what}`
  if (check.status === 'passed') return [first]
  const more = (check.count ?? 0) - check.examples.length
  return [
    first,
    ...(check.where === null ? [] : [`      where   ${check.where}`]),
    `      why     ${why}`,
    ...(hint === null ? [] : [`      remedy  ${hint}`]),
    ...(check.remedy === null ? [] : check.remedy.split('\n').map((line) => `              ${line}`)),
    ...check.examples.map((example) => `        · ${example}`),
    ...(more > 0 && check.examples.length > 0 ? [`        · and ${more} more`] : []),
  ]
}

/** Tables with rows, bytes, order and estimated time, and the whole. */
export function printPlan(plan: PreflightPlan | null): readonly string[] {
  if (plan === null) return ['Plan: without an open source there is none.', '']
  const width = Math.max(5, ...plan.tables.map(({ table }) => table.length))
  const line = (order: string, table: string, rows: string, bytes: string, time: string) =>
    `  ${order.padStart(3)}  ${table.padEnd(width)}  ${rows.padStart(13)}  ${bytes.padStart(10)}  ${time.padStart(9)}`
  const { estimatedFrom: from } = plan
  const rate = `${formatBytes(from.bytesPerSecond)}/s`
  const source = from.kind === 'measured' ? `the migration of ${from.at} here (${rate})` : `what was measured on another machine (${rate})`
  return [
    'Plan',
    line('', 'table', 'rows', 'size', 'copy'),
    ...plan.tables.map(({ order, table, rows, bytes, estimatedMs }) =>
      line(
        String(order),
        table,
        rows?.toLocaleString('en') ?? '–',
        bytes === null ? '–' : formatBytes(bytes),
        estimatedMs === null ? '–' : formatMs(estimatedMs),
      ),
    ),
    line('', 'total', plan.rows?.toLocaleString('en') ?? '–', formatBytes(plan.bytes), ''),
    ...(plan.estimatedMs === null ? [] : [`  about ${formatMs(plan.estimatedMs)} in all, estimated from ${source}`]),
    '',
  ]
}

const verdictWords = {
  ready: 'READY: every check passed.',
  'ready-with-warnings': 'READY, WITH WARNINGS: nothing stands in the way; read what did not pass.',
  'not-ready': 'NOT READY: correct what failed, then run again.',
  unknown: 'NOT KNOWN: something that matters could not be asked.',
} as const

function printVerdict({ verdict, checks, findings, elapsedMs }: PreflightResult): readonly string[] {
  const count = (status: PreflightCheck['status']) => checks.filter((check) => check.status === status).length
  const blocking = findings.filter(({ severity }) => severity === 'blocks')
  return [
    ...findings.map((finding) => printFinding(finding, true)),
    ...(findings.length > 0 ? [''] : []),
    verdictWords[verdict],
    `${count('passed')} passed, ${count('failed')} failed, ${count('warning')} warnings, ${count('unknown')} unknown, ${blocking.length} findings that block; ${formatMs(elapsedMs)}. Nothing was written.`,
  ]
}
