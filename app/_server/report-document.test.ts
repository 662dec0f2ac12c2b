import { createTranslator } from 'next-intl'
import { describe, expect, it, vi } from 'vitest'
import { createFinding } from '@/lib/core/finding'
import { compareReports } from '@/lib/verification/compare-reports'
import type { VerificationResult } from '@/lib/verification/verification-result'
import en from '@/messages/en.json' with { type: 'json' }
import fr from '@/messages/fr.json' with { type: 'json' }
import { writeReportCsv } from './report-csv'
import { writeReportDocument } from './report-document'

vi.mock('next-intl/server', () => ({
  getTranslations: async ({ locale, namespace }: { locale: 'en' | 'fr'; namespace: 'verification.document' }) =>
    createTranslator({ locale, namespace, messages: locale === 'fr' ? fr : en }),
}))

const hostile = '=HYPERLINK("x")<script>alert(1)</script>'
const result: VerificationResult = {
  status: 'failed',
  source: { engine: 'sqlite', label: 'app.db', version: '3.51', sizeBytes: 10, snapshotAt: '2026-01-01T10:00:00.000Z' },
  target: { engine: 'postgresql', label: 'app@db:5432/app', version: '18.1', sizeBytes: null, snapshotAt: '2026-01-01T10:00:01.000Z' },
  startedAt: '2026-01-01T10:00:00.000Z',
  elapsedMs: 1_500,
  tables: [
    {
      table: hostile,
      sourceRows: 2,
      targetRows: 2,
      content: 'different',
      differencesTotal: 2,
      expected: { 'since-switch': 1, 'repaired-by-choice': 0 },
      differences: [
        { key: { id: '<b>1</b>' }, column: 'a"b', kind: 'value-differs' },
        { key: { id: '2' }, column: null, kind: 'missing-in-source', because: 'since-switch' },
      ],
      reason: 'a, "quoted"\nreason',
    },
    { table: 'User', sourceRows: 1, targetRows: 1, content: 'identical', differencesTotal: 0, differences: [], reason: null },
  ],
  findings: [createFinding({ code: 'INDEX_GONE', severity: 'blocks', table: '<i>', message: 'gone & away', hint: 'make it' })],
  aspects: [{ name: 'indexes', status: 'failed', checked: 3, failed: 1 }],
  compared: { rows: 3, bytes: 100 },
  version: '0.1.0',
}
const report = {
  id: 'r1',
  jobId: 'r1',
  createdAt: new Date('2026-01-01T10:00:02Z'),
  requestedBy: 'a@b',
  status: 'failed',
  result,
  checksum: 'c'.repeat(64),
}

const functions = {
  id: 'f1',
  createdAt: new Date('2026-01-02T10:00:00Z'),
  requestedBy: 'a@b',
  checksum: 'f'.repeat(64),
  result: {
    status: 'passed' as const,
    engine: 'postgresql' as const,
    label: 'app@db:5432/app',
    startedAt: '2026-01-02T10:00:00.000Z',
    elapsedMs: 5,
    outcomes: [{ name: 'stored-cv', status: 'passed' as const, seen: 1, reason: null, elapsedMs: 1 }],
  },
  ticks: [{ item: 'pdf-import', outcome: 'broken', at: '2026-01-03T10:00:00.000Z', by: 'tester@x' }],
  signedOff: { checksum: 's'.repeat(64), isUnchanged: true },
}

describe('a report as a page', () => {
  it.each(['en', 'fr'] as const)('in %s stands alone, says everything, and lets nothing from a database become markup', async (locale) => {
    const html = await writeReportDocument(report, locale, functions)
    for (const part of [
      'app.db',
      'app@db:5432/app',
      '3.51',
      '18.1',
      'a@b',
      'Bascule 0.1.0',
      'c'.repeat(64),
      'INDEX_GONE',
      'gone &#38; away',
      'f'.repeat(64),
      's'.repeat(64),
      locale === 'fr' ? 'Ouvrir un CV existant' : 'Open a CV that is there',
      locale === 'fr' ? 'Import' : 'Import a PDF',
      'tester@x',
    ])
      expect(html).toContain(part)
    expect(html).not.toMatch(/<script|<b>|<i>|src=|href=|url\(|@import/)
    expect(html).toContain('&#60;script&#62;')
    expect(html).toContain(`lang="${locale}"`)
    expect(html).toContain(locale === 'fr' ? 'modifiée depuis la bascule' : 'changed since the switch')
  })
})

describe('a report as a table', () => {
  it('has a line a table, quoted, and no cell that a spreadsheet would run', () => {
    const csv = writeReportCsv(report, functions)
    const [head, ...lines] = csv.split('\r\n')
    expect(head).toMatch(/^table,source_rows,target_rows,content,differences/)
    expect(lines.at(-1)).toBe('')
    expect(csv).toContain(`"'=HYPERLINK(""x"")<script>`)
    expect(csv).toContain('"a, ""quoted""\nreason"')
    expect(csv.match(new RegExp('c'.repeat(64), 'g'))).toHaveLength(2)
    expect(csv).toContain(`function:stored-cv,,,passed,,,,,f1,2026-01-02T10:00:00.000Z,a@b,,app@db:5432/app,${'f'.repeat(64)}`)
    expect(csv).toContain(`by hand:pdf-import,,,broken,,,,,f1,2026-01-03T10:00:00.000Z,tester@x,,app@db:5432/app,${'s'.repeat(64)}`)
  })
})

describe('two reports against each other', () => {
  it('say what is other: tables, findings, versions', () => {
    const later: VerificationResult = {
      ...result,
      status: 'succeeded',
      target: { ...result.target, version: '18.2' },
      tables: [
        { table: 'User', sourceRows: 2, targetRows: 2, content: 'identical', differencesTotal: 0, differences: [], reason: null },
        { table: 'New', sourceRows: 0, targetRows: 0, content: 'identical', differencesTotal: 0, differences: [], reason: null },
      ],
      findings: [],
    }
    const comparison = compareReports(result, later)
    expect(comparison.tables.map(({ table, before, after }) => [table, before?.sourceRows ?? null, after?.sourceRows ?? null])).toEqual([
      [hostile, 2, null],
      ['New', null, 0],
      ['User', 1, 2],
    ])
    expect(comparison).toMatchObject({ unchangedTables: 0, newFindings: [], versions: [{ side: 'target', before: '18.1', after: '18.2' }] })
    expect(comparison.goneFindings.map(({ code }) => code)).toEqual(['INDEX_GONE'])
    expect(compareReports(result, result)).toMatchObject({ tables: [], unchangedTables: 2, goneFindings: [], versions: [] })
  })
})
