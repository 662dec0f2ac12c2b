import type { SqliteCatalogue } from '@/lib/core/catalogue'
import { reportError } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import type { Report } from '@/lib/core/progress'
import { findOrphans } from './check-source'
import type { CarryPlan } from './live/carry-plan'

/**
 * References of the file that PostgreSQL did not have (left behind when the schema was made) and that rows written there have
 * broken: SQLite looks at none of them, since rows are carried with foreign keys off. A migration starts with none broken, so
 * all of them are new. The others PostgreSQL has kept. Reported, and no reason to stay: they would be no less broken there.
 */
export async function findBrokenReferences(
  path: string,
  catalogue: SqliteCatalogue,
  { tables }: CarryPlan,
  report: Report,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const unkept = tables.filter(({ source, target }) =>
    source.foreignKeys.some(
      ({ columns, referencedTable }) =>
        !target.constraints.some(
          ({ kind, referencedTable: table, columns: own }) =>
            kind === 'foreign' && table === referencedTable && own.join() === columns.join(),
        ),
    ),
  )
  try {
    const sources = unkept.map(({ source }) => source)
    const orphans = await findOrphans(path, catalogue, sources, signal)
    // Without the table that is referred to it was so before.
    const findings = orphans.filter(({ severity }) => severity === 'blocks').map((finding) => ({ ...finding, severity: 'note' as const }))
    for (const finding of findings) {
      report({ type: 'finding', finding })
      const message = `${finding.table}: ${finding.message} PostgreSQL did not have this reference. ${finding.hint}`
      report({ type: 'log', level: 'warn', message })
    }
    return findings
  } catch (error) {
    const { code, message } = reportError(error)
    if (code === 'CANCELLED') throw error
    report({ type: 'log', level: 'warn', message: `Whether every reference leads to a row could not be asked: ${message}` })
    return []
  }
}
