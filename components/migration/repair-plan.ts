import type { Finding } from '@/lib/core/finding'
import { type RepairChoice, type RepairKind, repairKindNames } from '@/lib/core/repair-choice'

/** A finding that stops the migration, and what may be done about its rows. */
export interface RepairQuestion {
  /** Tells this question from the others of one migration. */
  readonly id: string
  readonly finding: Finding
  /** Null where no repair is safe. */
  readonly kind: RepairKind | null
  /** `Table.column`, as the choice names it. */
  readonly scope: string
}

/** The answers: a choice by question; absent: stop. */
export type RepairAnswers = Readonly<Record<string, string>>

/** What has to be decided after the checks refused, each place once, and what was decided the last time. */
export function readQuestions(findings: readonly Finding[]): {
  readonly questions: readonly RepairQuestion[]
  readonly chosen: RepairAnswers
} {
  const questions = new Map<string, RepairQuestion>()
  const chosen: Record<string, string> = {}
  for (const finding of findings) {
    if (finding.severity === 'note' || finding.table === null) continue
    // Of equal keys some rows can be repaired and others not: two questions of one place.
    const id = [finding.code, finding.table, finding.column ?? '', finding.params.rows ?? ''].join('\0')
    if (questions.has(id)) continue
    const kind = finding.choices.length === 0 ? null : (repairKindNames.find((name) => name === finding.kind) ?? null)
    const [column] = finding.column?.split(', ') ?? []
    questions.set(id, { id, finding, kind, scope: column === undefined ? finding.table : `${finding.table}.${column}` })
    if (finding.chosen !== null) chosen[id] = finding.chosen
  }
  return { questions: [...questions.values()], chosen }
}

/** What is sent: one choice for each place that has an answer. */
export function choicesOf(questions: readonly RepairQuestion[], answers: RepairAnswers): readonly RepairChoice[] {
  return questions.flatMap(({ id, kind, scope }) => {
    const choice = answers[id]
    return kind === null || choice === undefined ? [] : [{ kind, choice, scope }]
  })
}

/** Whether every finding that stops the migration has an answer. */
export function isComplete(questions: readonly RepairQuestion[], answers: RepairAnswers): boolean {
  return questions.length > 0 && questions.every(({ id }) => answers[id] !== undefined)
}
