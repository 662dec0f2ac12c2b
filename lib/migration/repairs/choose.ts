import type { SqliteCatalogue } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import type { Finding } from '@/lib/core/finding'
import { type RepairChoice, type RepairKind, repairKinds } from '@/lib/core/repair-choice'

/**
 * The choice that counts for a place: the one for its column, else for its table, else for every finding of the kind.
 *
 * @throws AppError INVALID_INPUT when two that differ are equally narrow
 */
export function choiceFor(choices: readonly RepairChoice[], kind: RepairKind, table: string, columns: readonly string[]): string | null {
  const scopes = [columns.map((column) => `${table}.${column}`), [table], [null]] as const
  for (const names of scopes) {
    const found = new Set(
      choices
        .filter((choice) => choice.kind === kind && (names as readonly (string | null)[]).includes(choice.scope))
        .map(({ choice }) => choice),
    )
    if (found.size > 1)
      throw refusedChoice(`${kind} is given two choices for ${[table, ...columns].join('.')}: ${[...found].join(' and ')}.`)
    const [choice] = found
    if (choice !== undefined) return choice
  }
  return null
}

/**
 * The findings with what was chosen for them: those become `repaired`.
 *
 * @throws AppError INVALID_INPUT for a choice that is not possible at a place that it is meant for, or names no place
 */
export function applyChoices(findings: readonly Finding[], choices: readonly RepairChoice[], source: SqliteCatalogue): readonly Finding[] {
  requireKnownScopes(choices, source)
  return findings.map((finding) => {
    if (finding.severity !== 'blocks' || finding.table === null) return finding
    const kind = kindOf(finding)
    const chosen = kind === null ? null : choiceFor(choices, kind, finding.table, finding.column?.split(', ') ?? [])
    if (kind === null || chosen === null) return finding
    if (!offers(finding, chosen)) {
      // The choice is for other rows of this very place; what it cannot repair goes on to block.
      if (findings.some((other) => isSamePlace(other, finding) && offers(other, chosen))) return finding
      throw impossible(finding, kind, chosen)
    }
    return { ...finding, severity: 'repaired', chosen }
  })
}

function offers(finding: Finding, chosen: string): boolean {
  return finding.choices.some(({ choice }) => choice === chosen)
}

function isSamePlace(one: Finding, other: Finding): boolean {
  return one.kind === other.kind && one.table === other.table && one.column === other.column
}

/** A wrong choice, with the list of what there is. */
export function refusedChoice(message: string): AppError {
  return new AppError({ code: 'INVALID_INPUT', operation: 'choose repairs', message, hint: `There is: ${listChoices()}.` })
}

/** Every kind with its choices, for people: `orphans=null|delete, …`. */
export function listChoices(): string {
  return Object.entries(repairKinds)
    .map(([kind, choices]) => `${kind}=${Object.keys(choices).join('|')}`)
    .join(', ')
}

function kindOf(finding: Finding): RepairKind | null {
  return finding.kind !== null && finding.kind in repairKinds ? (finding.kind as RepairKind) : null
}

function impossible(finding: Finding, kind: RepairKind, chosen: string): AppError {
  const place = [finding.table, finding.column].filter((part) => part !== null).join('.')
  const possible = finding.choices.map(({ choice }) => `${kind}=${choice}`)
  return new AppError({
    code: 'INVALID_INPUT',
    operation: 'choose repairs',
    subject: place,
    message: `${kind}=${chosen} is not possible for ${place} (${finding.code}).`,
    hint:
      possible.length > 0
        ? `Possible there: ${possible.join(', ')}. A choice for this place alone is written ${possible[0]}:${place}.`
        : `No repair is safe there: ${finding.hint}`,
  })
}

function requireKnownScopes(choices: readonly RepairChoice[], source: SqliteCatalogue): void {
  const places = new Set(source.tables.flatMap(({ name, columns }) => [name, ...columns.map((column) => `${name}.${column.name}`)]))
  const unknown = choices.find(({ scope }) => scope !== null && !places.has(scope))
  if (!unknown) return
  throw new AppError({
    code: 'INVALID_INPUT',
    operation: 'choose repairs',
    subject: unknown.scope ?? '',
    message: `${unknown.kind}=${unknown.choice} is meant for ${unknown.scope}, which is no table or column of the source.`,
    hint: 'Write Table or Table.column, exactly as the source spells them.',
  })
}
