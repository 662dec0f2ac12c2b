import { getTranslations } from 'next-intl/server'
import type { Locale } from '@/app/i18n/locales'
import { type CodedMessages, codedMessages } from '@/components/format/coded-messages'
import { createFormatters } from '@/components/format/formatters'
import { wordFinding } from '@/components/jobs/finding-words'
import { wordCause, wordFunctionCause } from '@/components/verification/cause-words'
import type { StoredFunctionReport } from '@/lib/control/function-reports'
import type { StoredReport } from '@/lib/control/reports'
import type { Finding } from '@/lib/core/finding'
import type { FunctionReport } from '@/lib/verification/function-report'
import { faultsOf, isSound, type TableComparison, type VerificationResult } from '@/lib/verification/verification-result'

type Translate = Awaited<ReturnType<typeof getTranslations<'verification.document'>>>

/**
 * A report as one HTML page that needs nothing else: no script, no image, no font, nothing from a network. Everything
 * that comes from a database is escaped. It prints on A4 with its heads repeated.
 */
export async function writeReportDocument(
  report: StoredReport<VerificationResult>,
  locale: Locale,
  functions: StoredFunctionReport<FunctionReport> | null,
): Promise<string> {
  const t = await getTranslations({ locale, namespace: 'verification.document' })
  const translateFinding = codedMessages(await getTranslations({ locale, namespace: 'findings' }))
  const translateCause = codedMessages(await getTranslations({ locale, namespace: 'verification.cause' }))
  const format = createFormatters(locale)
  const textOf = (finding: Finding) => {
    const { message, hint } = wordFinding(translateFinding, finding, format.number)
    return `${message} ${hint} (${finding.code})`
  }
  const utc = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' })
  const when = (iso: string | undefined) => (iso === undefined ? t('notKnown') : utc.format(new Date(iso)))
  const { result } = report
  const { source, target, tables, findings, aspects = [], compared } = result
  const faulty = tables.filter((table) => !isSound(table))
  const size = (bytes: number | null) => (bytes === null ? '' : ` · ${format.bytes(bytes)}`)
  const facts: readonly (readonly [name: string, value: string])[] = [
    [t('source'), `SQLite ${source.version} · ${source.label}${size(source.sizeBytes)}`],
    [t('target'), `PostgreSQL ${target.version} · ${target.label}${size(target.sizeBytes)}`],
    [t('sourceAt'), when(source.snapshotAt)],
    [t('targetAt'), when(target.snapshotAt)],
    [t('startedAt'), when(result.startedAt)],
    [t('took'), format.duration(result.elapsedMs)],
    [
      t('compared'),
      compared ? t('rowsAndBytes', { rows: format.number(compared.rows), bytes: format.bytes(compared.bytes) }) : t('notKnown'),
    ],
    [t('by'), report.requestedBy],
    [t('program'), `Bascule ${result.version ?? ''}`.trim()],
    [t('report'), report.id],
    [t('checksum'), report.checksum],
  ]
  const verdict = result.status === 'succeeded' ? t('equal', { tables: tables.length }) : t('differs', { tables: faulty.length })
  return `<!doctype html>
<html lang="${escapeHtml(locale)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(t('title'))} · ${escapeHtml(when(result.startedAt))}</title><style>${styles}</style></head><body>
<header><h1>${escapeHtml(t('title'))}</h1><p class="verdict ${result.status === 'succeeded' ? 'good' : 'bad'}">${escapeHtml(verdict)}</p></header>
<dl>${facts.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>
${
  aspects.length === 0
    ? ''
    : section(
        t('aspects'),
        [t('aspect'), t('result'), t('checked')],
        aspects.map((aspect) => [t(`aspectName.${aspect.name}`), t(`aspectStatus.${aspect.status}`), format.number(aspect.checked)]),
        [false, false, true],
      )
}
${section(
  t('tables'),
  [t('table'), t('source'), t('target'), t('content'), t('differences')],
  tables.map((table) => tableLine(table, t, translateCause, format)),
  [false, true, true, false, true],
)}
${
  findings.length === 0
    ? ''
    : section(
        t('findings'),
        [t('severity'), t('place'), t('what')],
        findings.map((finding) => [
          t(`severityName.${finding.severity}`),
          [finding.table, finding.column, finding.shape].filter((part) => part !== null).join(' · '),
          textOf(finding),
        ]),
        [false, false, false],
      )
}
${faulty.map((table) => differencesOf(table, t, format)).join('')}
${functions ? await functionsOf(functions, locale, when) : ''}
<footer>${escapeHtml(t('footer', { checksum: report.checksum }))}</footer></body></html>
`
}

type Format = ReturnType<typeof createFormatters>

function tableLine(table: TableComparison, t: Translate, translateCause: CodedMessages, format: Format): readonly string[] {
  const cause = wordCause(translateCause, table)
  const count = (rows: number | null) => (rows === null ? t('notKnown') : format.number(rows))
  const faults = faultsOf(table)
  const expected = table.differencesTotal - faults
  const differences =
    expected === 0
      ? format.number(table.differencesTotal)
      : t('withExpected', { faults: format.number(faults), expected: format.number(expected) })
  const content = isSound(table) && table.content === 'different' ? t('contentState.changed') : t(`contentState.${table.content}`)
  return [table.table, count(table.sourceRows), count(table.targetRows), cause ? `${content} (${cause})` : content, differences]
}

function differencesOf(table: TableComparison, t: Translate, format: Format): string {
  const { differences, differencesTotal } = table
  if (differences.length === 0) return ''
  const lines = differences.map(({ key, column, kind, because }) => [
    Object.entries(key)
      .map(([name, value]) => `${name} = ${value}`)
      .join(', '),
    column ?? t('wholeRow'),
    because ? t(`because.${because}`) : t(`kind.${kind}`),
  ])
  const more = differencesTotal - differences.length
  const note = more > 0 ? `<p>${escapeHtml(t('more', { count: format.number(more) }))}</p>` : ''
  return section(t('differencesOf', { table: table.table }), [t('key'), t('column'), t('what')], lines, [false, false, false]) + note
}

/** What the app's functions came to last, and what was tried by hand: by whom, when, and under which checksum. */
async function functionsOf(
  { createdAt, requestedBy, checksum, result, ticks, signedOff }: StoredFunctionReport<FunctionReport>,
  locale: Locale,
  when: (iso: string) => string,
): Promise<string> {
  const t = await getTranslations({ locale, namespace: 'verification' })
  // Names of functions come from the host app; those that messages/ know have their words there.
  const translate = codedMessages(t)
  const named = (key: string, name: string) => (translate.has(`${key}.${name}`) ? translate(`${key}.${name}`) : name)
  const heads = [t('document.what'), t('document.result'), t('document.when'), t('document.by')]
  const translateCause = codedMessages(await getTranslations({ locale, namespace: 'verification.functions.cause' }))
  const errors = await getTranslations({ locale, namespace: 'errors' })
  const outcomeOf = (outcome: FunctionReport['outcomes'][number]) => {
    const cause = wordFunctionCause(translateCause, (code) => errors(`${code}.title`), outcome)
    return cause === null ? t(`functions.outcome.${outcome.status}`) : `${t(`functions.outcome.${outcome.status}`)} (${cause})`
  }
  const tried = result.outcomes.map((outcome) => [
    named('functions.name', outcome.name),
    outcomeOf(outcome),
    when(createdAt.toISOString()),
    requestedBy,
  ])
  const byHand = ticks.map(({ item, outcome, at, by }) => [named('checklist.item', item), named('checklist', outcome), when(at), by])
  const plain = [false, false, false, false]
  const note = (text: string) => `<p>${escapeHtml(text)}</p>`
  return [
    section(t('functions.title'), heads, tried, plain),
    note(t('document.functionsChecksum', { checksum })),
    byHand.length === 0 ? '' : section(t('checklist.title'), heads, byHand, plain),
    signedOff === null
      ? ''
      : note(t(signedOff.isUnchanged ? 'document.signedOff' : 'document.notSignedOff', { checksum: signedOff.checksum })),
  ].join('')
}

function section(title: string, heads: readonly string[], lines: readonly (readonly string[])[], isNumber: readonly boolean[]): string {
  const cell = (tag: 'th' | 'td', text: string, at: number) =>
    `<${tag}${isNumber[at] ? ' class="number"' : ''}>${escapeHtml(text)}</${tag}>`
  return `<section><h2>${escapeHtml(title)}</h2><table><thead><tr>${heads.map((head, at) => cell('th', head, at)).join('')}</tr></thead><tbody>${lines
    .map((line) => `<tr>${line.map((text, at) => cell('td', text, at)).join('')}</tr>`)
    .join('')}</tbody></table></section>`
}

/** For text and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const styles = `
:root{color-scheme:light}*{box-sizing:border-box}body{font:14px/1.45 system-ui,sans-serif;color:#1b1f24;margin:2rem auto;max-width:60rem;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:1.8rem 0 .5rem}.verdict{font-size:1.1rem;font-weight:600;padding:.6rem .9rem;border-radius:.5rem;border:1px solid}
.good{background:#eaf7ef;border-color:#8cc9a3;color:#14532d}.bad{background:#fdecec;border-color:#e2a3a3;color:#7f1d1d}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:.35rem 1.5rem;margin:0}dt{color:#5b6470;font-size:.8rem}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.85rem}th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #d9dee4;vertical-align:top;overflow-wrap:anywhere}
th{color:#5b6470;font-weight:600}.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}footer{margin-top:2rem;color:#5b6470;font-size:.8rem;overflow-wrap:anywhere}
@media print{@page{size:A4;margin:14mm}body{margin:0;max-width:none;padding:0;font-size:10pt}thead{display:table-header-group}tr{break-inside:avoid}h2{break-after:avoid}.verdict{print-color-adjust:exact}}`
