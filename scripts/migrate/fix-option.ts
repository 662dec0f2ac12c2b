import { type RepairChoice, repairChoiceSchema, repairKinds } from '@/lib/core/repair-choice'
import { refusedChoice } from '@/lib/migration/repairs/choose'

/**
 * `kind=choice[:Table[.column]][,…]`, given once or several times, as choices.
 *
 * @throws AppError INVALID_INPUT with the list of what there is
 */
export function parseFixes(texts: readonly string[]): readonly RepairChoice[] {
  // A comma within a table's name is followed by no "kind=".
  return texts.flatMap((text) => text.split(/,(?=[a-z0-9-]+=)/).map(parseFix))
}

function parseFix(text: string): RepairChoice {
  const match = /^([^=]+)=([^:]+)(?::(.+))?$/s.exec(text.trim())
  const [, kind, choice, scope = null] = match ?? []
  const parsed = repairChoiceSchema.safeParse({ kind, choice, scope })
  if (parsed.success) return parsed.data
  throw refusedChoice(`--fix ${text} is not a repair.`)
}

/** For `--help`: every kind, its choices, and what becomes of a row. */
export function describeFixes(): string {
  const lines = Object.entries(repairKinds).flatMap(([kind, choices]) =>
    Object.entries(choices).map(([choice, effect]) => `  ${`${kind}=${choice}`.padEnd(24)} ${effect}`),
  )
  return [
    '',
    'Repairs (--fix kind=choice for every such finding, --fix kind=choice:Table or :Table.column for some; repeatable, or with commas).',
    'They are made on a copy: the source and the safety copy stay as they are. Every row touched is listed in the result.',
    ...lines,
  ].join('\n')
}
