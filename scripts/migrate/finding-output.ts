import type { Finding } from '@/lib/core/finding'

/** A finding for people, on one line: how weighty, where, which row, what, what to do, and the repairs that may be chosen. */
export function printFinding(finding: Finding, withCount = false): string {
  const { severity, code, table, column, shape, key, count, message, hint } = finding
  const place = [table, column, shape].filter((part) => part !== null).join(' · ')
  const row =
    key === null
      ? ''
      : ` (row ${Object.entries(key)
          .map(([name, value]) => `${name}=${value}`)
          .join(', ')})`
  const times = withCount && count > 1 ? ` ×${count}` : ''
  const effect = finding.choices.find(({ choice }) => choice === finding.chosen)?.effect
  const chosen = finding.chosen === null ? '' : ` (${finding.kind}=${finding.chosen}${effect === undefined ? '' : `: ${effect}`})`
  return `${severity}${chosen} ${code}${place === '' ? '' : ` ${place}`}${row}${times}: ${message} ${hint}${offers(finding)}`
}

/** What may be done about a finding that stops the migration. */
function offers({ severity, kind, choices }: Finding): string {
  if (severity !== 'blocks' || choices.length === 0) return ''
  return ` Or repair the copy: ${choices.map(({ choice, effect }) => `--fix ${kind}=${choice} (${effect})`).join(' ')}`
}
