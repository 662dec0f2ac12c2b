import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { leftBehindRowSchema } from '@/lib/migration/live/emergency-left-behind'

/**
 * The lines of a file, which is opened when the first of them is asked for: an interface of readline that was made before gives its lines to
 * nobody meanwhile, and whoever comes later finds none.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  yield* createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
}

/**
 * The stored list, one JSON object a line, as it is handed out: with or without the rows' contents, for programs (JSON lines) or
 * for a spreadsheet (CSV, RFC 4180, UTF-8 with its mark, keys and contents as JSON in a field).
 */
export async function* writeLeftBehind(lines: AsyncIterable<string>, format: 'csv' | 'jsonl', withRows: boolean): AsyncGenerator<string> {
  const heads = ['table', 'operation', 'key', 'changed_on_sqlite', ...(withRows ? ['postgresql', 'sqlite'] : [])]
  if (format === 'csv') yield `\uFEFF${heads.join(',')}\r\n`
  for await (const line of lines) {
    if (line === '') continue
    const { table, operation, key, changedOnSqlite, postgresql, sqlite } = leftBehindRowSchema.parse(JSON.parse(line))
    const contents = withRows ? { postgresql, sqlite } : {}
    if (format === 'jsonl') yield `${JSON.stringify({ table, operation, key, changedOnSqlite, ...contents })}\n`
    else {
      const changed = changedOnSqlite === null ? '' : changedOnSqlite ? 'yes' : 'no'
      const fields = [
        table,
        operation,
        JSON.stringify(key),
        changed,
        ...Object.values(contents).map((row) => (row === null ? '' : JSON.stringify(row))),
      ]
      yield `${fields.map(cell).join(',')}\r\n`
    }
  }
}

function cell(value: string): string {
  // A spreadsheet would run what begins like a formula.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
