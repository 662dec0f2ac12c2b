import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import type { Queryable } from './catalogue'

/** Our own schema in the target: the mark, what the copy made, resume positions, the change log. */
export const bookkeepingSchema = 'bascule'

/**
 * The one row that tells whose copy stands in the target and how far it is.
 *
 *   copying ──counts equal──> copied ──cut-over──> switched <──gave up── rolled-back ──set aside──> (no mark)
 *      │ failed, cancelled       │ discard             └─────rollback─────────^
 *      └────────> (no mark) <────┘
 *                  rolled-back ──forward again──> copied        switched ──finish──> finished
 *                  copied, switched, rolled-back ──emergency──> abandoned ──set aside──> (no mark)
 *
 * `switched` is the cut-over record: once it is committed PostgreSQL is the authority, whatever else crashed.
 * `rolled-back` is committed together with the fence on PostgreSQL, before the app is switched back.
 * `abandoned` too, but after it: the app had gone back to SQLite while this database could not be reached.
 * `finished`: the app stays here; what was kept for a way back is gone.
 */
export const copyStates = ['copying', 'copied', 'switched', 'rolled-back', 'abandoned', 'finished'] as const
export type CopyState = (typeof copyStates)[number]

/** Phases after each of which everything before it is on the server's disk and need not be looked at again. */
export const copyStages = ['schema', 'copy', 'structure', 'sequences'] as const
export type CopyStage = (typeof copyStages)[number]

const markSchema = z.object({
  jobId: z.string(),
  state: z.enum(copyStates),
  targetSchema: z.string(),
  createdSchema: z.boolean(),
  /** Names of the tables and types that the copy makes, written before the first is made: these and no others are removed. */
  tables: z.array(z.string()),
  types: z.array(z.string()),
  /** Functions of hand-written schema migrations, as PostgreSQL writes their signature. */
  routines: z.array(z.string()),
  /** Last phase that is done for good; null before the schema stands, and in marks of versions that could not resume. */
  stage: z.enum(copyStages).nullable(),
  /** Of the record beside the safety copy that this copy can be resumed with; null in marks of older versions. */
  recordChecksum: z.string().nullable(),
  startedAt: z.date(),
  switchedAt: z.date().nullable(),
})

export type CopyMark = z.infer<typeof markSchema>

const createSql = `
CREATE SCHEMA ${bookkeepingSchema};
CREATE TABLE ${bookkeepingSchema}.mark (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  job_id text NOT NULL, state text NOT NULL, target_schema text NOT NULL, created_schema boolean NOT NULL,
  tables text[] NOT NULL, types text[] NOT NULL, routines text[] NOT NULL, started_at timestamptz NOT NULL DEFAULT now(), switched_at timestamptz,
  stage text, record_checksum text
);
COMMENT ON SCHEMA ${bookkeepingSchema} IS 'Bookkeeping of the migration from SQLite. Do not edit.';
CREATE TABLE ${bookkeepingSchema}.stripped (
  position serial PRIMARY KEY, table_name text NOT NULL, name text NOT NULL, kind text NOT NULL, definition text NOT NULL
);
CREATE TABLE ${bookkeepingSchema}.chunk (
  table_name text NOT NULL, chunk integer NOT NULL, bounds text NOT NULL, rows bigint NOT NULL, bytes bigint NOT NULL,
  PRIMARY KEY (table_name, chunk)
);`

/** Puts the mark of a new copy into a target that has none; in the caller's transaction. */
export async function writeMark(
  client: Queryable,
  mark: Pick<CopyMark, 'jobId' | 'targetSchema' | 'createdSchema' | 'tables' | 'types' | 'routines' | 'recordChecksum'>,
): Promise<void> {
  await client.query(createSql)
  await client.query(
    `INSERT INTO ${bookkeepingSchema}.mark (job_id, state, target_schema, created_schema, tables, types, routines, record_checksum)
     VALUES ($1, 'copying', $2, $3, $4, $5, $6, $7)`,
    [mark.jobId, mark.targetSchema, mark.createdSchema, mark.tables, mark.types, mark.routines, mark.recordChecksum],
  )
}

/** The mark, or null in a database that never held a copy of ours. */
export async function readMark(client: Queryable): Promise<CopyMark | null> {
  const exists = await client.query(`SELECT to_regclass('${bookkeepingSchema}.mark') IS NOT NULL AS found`)
  if (!z.array(z.object({ found: z.boolean() })).parse(exists.rows)[0]?.found) return null
  const { rows } = await client.query(
    `SELECT job_id AS "jobId", state, target_schema AS "targetSchema", created_schema AS "createdSchema", tables, types, routines,
       started_at AS "startedAt", switched_at AS "switchedAt",
       -- By way of JSON: a mark that an older version made lacks these columns, and is still to be read.
       to_jsonb(m) ->> 'stage' AS stage, to_jsonb(m) ->> 'record_checksum' AS "recordChecksum"
     FROM ${bookkeepingSchema}.mark m`,
  )
  return rows.length === 0 ? null : markSchema.parse(rows[0])
}

/**
 * Moves the mark from one state to another, in the caller's transaction.
 *
 * @throws AppError STATE_CONFLICT when the mark is not in one of `from` or belongs to another job
 */
export async function changeMark(client: Queryable, jobId: string, from: readonly CopyState[], to: CopyState): Promise<void> {
  const changed = await client.query(
    `UPDATE ${bookkeepingSchema}.mark SET state = $3, switched_at = CASE WHEN $3 = 'switched' AND state = 'copied' THEN now() ELSE switched_at END
     WHERE job_id = $1 AND state = ANY ($2)`,
    [jobId, from, to],
  )
  if (changed.rowCount === 1) return
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'change the state of the copy',
    message: `The copy in the target is not ${from.join(' or ')}.`,
    hint: 'Reload the page: another job may have changed it.',
  })
}

/**
 * Notes that a phase is done, in the caller's transaction, and makes its commit wait for the disk: then every chunk and
 * index committed before it is there too, which our sessions do not wait for one by one.
 *
 * @throws AppError STATE_CONFLICT when the mark is not this job's or no longer says `copying`
 */
export async function recordStage(client: Queryable, jobId: string, stage: CopyStage): Promise<void> {
  await client.query('SET LOCAL synchronous_commit = on')
  const changed = await client.query(`UPDATE ${bookkeepingSchema}.mark SET stage = $2 WHERE job_id = $1 AND state = 'copying'`, [
    jobId,
    stage,
  ])
  if (changed.rowCount !== 1)
    throw new AppError({
      code: 'STATE_CONFLICT',
      operation: 'note how far the copy is',
      message: 'The copy in the target is no longer this migration’s.',
      hint: 'Somebody else worked on the target database; look at it, then start again.',
    })
}

/** A stretch of a table whose rows are on the target for good: they and this were committed together. */
export interface CopiedChunk {
  readonly table: string
  readonly chunk: number
  /** Where it began and ended, as the copy that cut it writes it. */
  readonly bounds: string
  readonly rows: number
  readonly bytes: number
}

/** The resume positions: every chunk that was committed. */
export async function readChunks(client: Queryable): Promise<readonly CopiedChunk[]> {
  const { rows } = await client.query(
    `SELECT table_name AS "table", chunk, bounds, rows::text, bytes::text FROM ${bookkeepingSchema}.chunk`,
  )
  const row = z.object({ table: z.string(), chunk: z.number(), bounds: z.string(), rows: z.coerce.number(), bytes: z.coerce.number() })
  return z.array(row).parse(rows)
}

/** Forgets every position, with the rows that they tell of; in the caller's transaction. */
export async function forgetChunks(client: Queryable): Promise<void> {
  await client.query(`DELETE FROM ${bookkeepingSchema}.chunk`)
}
