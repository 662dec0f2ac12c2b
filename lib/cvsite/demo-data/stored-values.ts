/** A value as better-sqlite3 binds it. */
export type StoredValue = string | number | bigint | Buffer | null

/** One row: column → value, as it is stored. */
export type Row = Readonly<Record<string, StoredValue>>

/** Rows of one or several users by table, in the order in which the tables may be filled. */
export type RowsByTable = Readonly<Record<string, readonly Row[]>>

/** A date as Prisma's SQLite adapter writes it: ISO 8601, milliseconds, `+00:00`. */
export function storedDate(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '+00:00')
}

/** A Json value as Prisma writes it: its text (which SQLite's affinity turns into a number where it looks like one). */
export function storedJson(value: unknown): string {
  return JSON.stringify(value)
}

export function storedBoolean(value: boolean): number {
  return value ? 1 : 0
}
