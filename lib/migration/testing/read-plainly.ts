import Database from 'better-sqlite3'
import pg from 'pg'
import { z } from 'zod'

/** Every row of every table as one line of text, sorted. Read with nothing of ours, to be held against what ours says. */
export type PlainContent = Readonly<Record<string, readonly string[]>>

const nothing = '∅'
const names = z.array(z.object({ name: z.string() }))

export function readSqlitePlainly(path: string): PlainContent {
  const db = new Database(path, { readonly: true })
  try {
    const tables = names.parse(
      db
        .prepare(
          `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_bascule%' ESCAPE '\\'`,
        )
        .all(),
    )
    const content = tables.map(({ name }) => {
      const columns = names
        .parse(db.pragma(`table_info("${name}")`))
        .map((column) => column.name)
        .sort()
      const list = columns.map((column) => `"${column}"`).join(', ')
      const rows = db.prepare(`SELECT ${list} FROM "${name}"`).safeIntegers().raw().all()
      return [
        name,
        z
          .array(z.array(z.unknown()))
          .parse(rows)
          .map((row) => row.map(textOf).join(' | '))
          .sort(),
      ] as const
    })
    return Object.fromEntries(content)
  } finally {
    db.close()
  }
}

export async function readPostgresPlainly(url: string): Promise<PlainContent> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tables = names.parse((await client.query(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`)).rows)
    const content: [string, readonly string[]][] = []
    for (const { name } of tables) {
      const columns = names.parse(
        (
          await client.query(
            `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1`,
            [name],
          )
        ).rows,
      )
      const list = columns
        .map((column) => column.name)
        .sort()
        .map((column) => `"${column}"`)
        .join(', ')
      const { rows } = await client.query({ text: `SELECT ${list} FROM "${name}"`, rowMode: 'array' })
      content.push([
        name,
        z
          .array(z.array(z.unknown()))
          .parse(rows)
          .map((row) => row.map(textOf).join(' | '))
          .sort(),
      ])
    }
    return Object.fromEntries(content)
  } finally {
    await client.end()
  }
}

/** Whole numbers come as bigint or number or text, depending on the driver: their digits are the same. */
function textOf(value: unknown): string {
  if (value === null) return nothing
  return Buffer.isBuffer(value) ? `x${value.toString('hex')}` : String(value)
}
