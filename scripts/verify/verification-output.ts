import type { Finding } from '@/lib/core/finding'
import {
  faultsOf,
  isSound,
  type RowDifference,
  type TableComparison,
  type VerificationResult,
} from '@/lib/verification/verification-result'

/** The guide's names of cvsite's tables, in the guide's order; every other table goes by its own name. */
const guideKeys: ReadonlyMap<string, string> = new Map([
  ['User', 'users'],
  ['Account', 'accounts'],
  ['CvFile', 'cvFiles'],
  ['BackgroundTask', 'backgroundTasks'],
  ['SubscriptionPlan', 'subscriptionPlans'],
  ['Subscription', 'subscriptions'],
  ['CreditBalance', 'creditBalances'],
  ['CreditTransaction', 'creditTransactions'],
  ['CreditPack', 'creditPacks'],
  ['TelemetryEvent', 'telemetryEvents'],
  ['FeatureUsage', 'featureUsage'],
  ['OpenAIUsage', 'openAIUsage'],
  ['Session', 'sessions'],
  ['VerificationToken', 'verificationTokens'],
])
const guideOrder = [...guideKeys.keys()]

/**
 * The result for people, in the words of the migration guide (step 8): a line a table, then the verdict and the total.
 * Differences and findings follow their table's line, named by key and column, without values.
 */
export function printVerification(result: VerificationResult, isEnglish = false): string {
  const isCvsite = isGuideDatabase(result)
  const tables = isCvsite ? [...result.tables].sort((one, other) => placeOf(one.table) - placeOf(other.table)) : result.tables
  const total = tables.reduce((sum, { targetRows }) => sum + (targetRows ?? 0), 0)
  const findings = result.findings.filter(({ severity }) => severity !== 'note')
  return [
    ...tables.flatMap((table) => [printTable(table, isCvsite), ...printDifferences(table)]),
    '',
    ...(findings.length > 0 ? [...findings.map(printFinding), ''] : []),
    ...printAspects(result),
    // The guide's own words come first whatever the language: scripts look for them.
    ...(result.status === 'succeeded'
      ? ['🎉 Migration réussie!', ...(isEnglish ? ['   Migration successful: nothing differs.'] : [])]
      : ['❌ La migration présente des différences.', ...(isEnglish ? ['   The two databases differ.'] : [])]),
    `📦 Total d'enregistrements: ${total}`,
  ].join('\n')
}

/** The guide's key of each table beside its name, where the database is the guide's. */
export function withGuideKeys(result: VerificationResult) {
  if (!isGuideDatabase(result)) return result
  return { ...result, tables: result.tables.map((table) => ({ ...table, key: guideKeys.get(table.table) ?? table.table })) }
}

function isGuideDatabase({ tables }: VerificationResult): boolean {
  return ['User', 'CvFile', 'OpenAIUsage'].every((name) => tables.some(({ table }) => table === name))
}

/** One line for what was looked at beside the rows; nothing where all of it is in order, so that the guide's list stays as it is. */
function printAspects({ aspects = [] }: VerificationResult): readonly string[] {
  const odd = aspects.filter(({ status }) => status !== 'passed')
  return odd.length === 0
    ? []
    : [
        ...odd.map(
          ({ name, status, failed }) => `${status === 'failed' ? '❌' : '⚠️ '} ${name}: ${status === 'failed' ? failed : 'unknown'}`,
        ),
        '',
      ]
}

function printTable(table: TableComparison, isCvsite: boolean): string {
  const name = isCvsite ? (guideKeys.get(table.table) ?? table.table) : table.table
  const start = `${isSound(table) ? '✅' : '❌'} ${name.padEnd(26)}:`
  const { sourceRows, targetRows } = table
  if (table.content === 'identical') return `${start} ${targetRows}`
  if (isSound(table)) {
    const { 'since-switch': since = 0, 'repaired-by-choice': chosen = 0 } = table.expected ?? {}
    const why = [since > 0 ? `${since} changed since the switch` : '', chosen > 0 ? `${chosen} repaired by choice` : ''].filter(
      (part) => part !== '',
    )
    return `${start} ${targetRows} (${why.join(', ')})`
  }
  const counts = sourceRows === targetRows ? `${targetRows ?? '?'}` : `${sourceRows ?? '?'} → ${targetRows ?? '?'}`
  const what =
    table.content === 'unknown' ? 'unknown' : `${table.differencesTotal} ${table.differencesTotal === 1 ? 'difference' : 'differences'}`
  return `${start} ${counts} (${what}${table.reason === null ? '' : `: ${table.reason}`})`
}

const shownDifferences = 10

function printDifferences(table: TableComparison): readonly string[] {
  const shown = table.differences
    .filter(({ because }) => !because)
    .slice(0, shownDifferences)
    .map((difference) => `     ${printDifference(difference)}`)
  const more = faultsOf(table) - shown.length
  return shown.length > 0 && more > 0 ? [...shown, `     … ${more} more; --json names up to 1,000.`] : shown
}

const differenceWords: Readonly<Record<RowDifference['kind'], string>> = {
  'missing-in-target': 'only in the source',
  'missing-in-source': 'only in the target',
  'value-differs': 'differs',
}

function printDifference({ key, column, kind }: RowDifference): string {
  const place = Object.entries(key).map(([name, value]) => `${name}=${value}`)
  return `${place.join(', ')}${column === null ? '' : ` · ${column}`}: ${differenceWords[kind]}`
}

function printFinding({ severity, code, table, column, shape, message, hint }: Finding): string {
  const place = [table, column].filter((part) => part !== null).join('.')
  return `${severity === 'blocks' ? '❌' : '⚠️ '} ${code} ${place}${shape === null ? '' : ` (${shape})`}: ${message}\n     ${hint}`
}

function placeOf(table: string): number {
  const place = guideOrder.indexOf(table)
  return place === -1 ? guideOrder.length : place
}
