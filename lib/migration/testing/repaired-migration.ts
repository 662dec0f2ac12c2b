import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ProgressEvent } from '@/lib/core/progress'
import type { RepairChoice, RepairKind } from '@/lib/core/repair-choice'
import { type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import type { TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { type MigrateOptions, migrateDatabase } from '../migrate-database'
import type { MigrationResult } from '../migration-result'
import type { SchemaModel } from '../schema-plan'
import { bundleChild } from './bundle-child'

/** Rows that refer to nothing, some of which others refer to. */
export const family = `
  PRAGMA foreign_keys = OFF;
  CREATE TABLE author (id INTEGER PRIMARY KEY);
  CREATE TABLE post (id TEXT NOT NULL PRIMARY KEY, author INTEGER REFERENCES author (id) ON DELETE SET NULL);
  CREATE TABLE comment (id INTEGER PRIMARY KEY, post TEXT NOT NULL REFERENCES post (id), answers INTEGER REFERENCES comment (id));
  CREATE TABLE seen (comment INTEGER NOT NULL REFERENCES comment (id), who TEXT NOT NULL, PRIMARY KEY (comment, who)) WITHOUT ROWID;
  INSERT INTO author VALUES (1);
  INSERT INTO post VALUES ('p1', 1), ('p2', 99);
  INSERT INTO comment VALUES (1, 'p2', NULL), (2, 'p1', 1), (3, 'p1', NULL), (9, 'gone', NULL);
  INSERT INTO seen VALUES (1, 'ann'), (3, 'ann');
  CREATE TRIGGER loud AFTER DELETE ON comment BEGIN SELECT RAISE(ABORT, 'no'); END;`

export function choose(kind: RepairKind, choice: string, scope: string | null = null): RepairChoice {
  return { kind, choice, scope }
}

export async function writeHistory(folder: string, sql: string): Promise<SchemaModel> {
  const history = join(folder, 'history')
  await mkdir(join(history, '20240101000000_init'), { recursive: true })
  await writeFile(join(history, 'migration_lock.toml'), 'provider = "postgresql"\n')
  await writeFile(join(history, '20240101000000_init', 'migration.sql'), sql)
  return { kind: 'history', folder: history }
}

export async function checksum(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}

export function rowsOf(target: TestPostgresDatabase, sql: string): Promise<readonly Record<string, unknown>[]> {
  return withPostgres(target.url, async (client) => {
    await client.query(`SET timezone = 'UTC'`)
    return (await client.query(sql)).rows
  })
}

export function migrate(
  source: TestSqliteDatabase,
  target: TestPostgresDatabase,
  choices: readonly RepairChoice[],
  special: Partial<MigrateOptions> = {},
): Promise<MigrationResult> {
  return migrateDatabase({ ...optionsOf(source, target, choices), ...special }, () => undefined, new AbortController().signal)
}

export function optionsOf(source: TestSqliteDatabase, target: TestPostgresDatabase, choices: readonly RepairChoice[]): MigrateOptions {
  return {
    jobId: `job-${target.name}`,
    sourcePath: source.path,
    targetUrl: target.url,
    model: { kind: 'introspect' },
    workDir: join(source.folder, 'work'),
    fenceSource: false,
    setAside: false,
    dryRun: false,
    choices,
  }
}

/** Runs the migration in a process of its own and kills it when the safety copy and the repaired copy stand. */
export async function killInSchema(options: MigrateOptions): Promise<void> {
  const script = await bundleChild('migrate-in-child.ts')
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    for await (const line of createInterface(child.stdout)) {
      const event = JSON.parse(line) as ProgressEvent
      if (event.type === 'phase' && event.phase === 'schema') break
    }
  } finally {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    await rm(script, { force: true })
  }
}
