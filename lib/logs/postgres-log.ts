import type pg from 'pg'
import { z } from 'zod'
import { censorAddresses } from '@/lib/core/logger'
import { quoteName } from '@/lib/core/quoted-name'
import { sqlStateOf, withPostgres } from '@/lib/postgres/connect'
import type { PostgresLog } from './log-entry'
import { readLogLines } from './postgres-log-lines'

/** The end of the file that is shown. */
const tailBytes = 128 * 1024
const timeoutMs = 8_000

const settingsRow = z.object({
  collector: z.boolean(),
  destination: z.string().nullable(),
  directory: z.string().nullable(),
  role: z.string(),
})

/** The end of the server's own log, where this role may read it; otherwise where it is and what gives the right. Reads only. */
export function readPostgresLog(url: string): Promise<PostgresLog> {
  return withPostgres(url, { applicationName: 'bascule logs', signal: AbortSignal.timeout(timeoutMs) }, async (client) => {
    await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY')
    const settings = settingsRow.parse((await client.query(settingsSql)).rows[0])
    const { destination, directory, role } = settings
    if (!settings.collector) {
      return { status: 'not-readable', reason: 'collector-off', destination, directory, remedy: collectorRemedy }
    }
    try {
      return await readTail(client, settings)
    } catch (error) {
      if (sqlStateOf(error) !== '42501') throw error
      const remedy = `-- as a superuser:\nGRANT pg_monitor, pg_read_server_files TO ${quoteName(role)};\nGRANT EXECUTE ON FUNCTION pg_read_binary_file(text, bigint, bigint, boolean), pg_current_logfile(), pg_stat_file(text, boolean) TO ${quoteName(role)};`
      return { status: 'not-readable', reason: 'no-rights', destination, directory, remedy }
    }
  })
}

async function readTail(client: pg.Client, { destination, directory }: z.infer<typeof settingsRow>): Promise<PostgresLog> {
  const { rows: current } = await client.query<{ file: string | null }>('SELECT pg_current_logfile() AS file')
  const file = current[0]?.file ?? null
  if (file === null) return { status: 'not-readable', reason: 'no-file', destination, directory, remedy: collectorRemedy }
  // As bytes: read as text the server refuses a tail that begins inside a character.
  const { rows } = await client.query<{ size: string; bytes: Buffer | null }>(
    `SELECT s.size::text AS size, pg_read_binary_file($1, greatest(0, s.size - $2), $2, true) AS bytes FROM pg_stat_file($1, true) s`,
    [file, tailBytes],
  )
  const truncated = Number(rows[0]?.size ?? 0) > tailBytes
  const text = censorAddresses(rows[0]?.bytes?.toString('utf8') ?? '')
  return { status: 'read', file, lines: [...readLogLines(file, text, truncated)], truncated }
}

/** Settings that only some may see are null for the others. */
const settingsSql = `
SELECT coalesce((SELECT setting FROM pg_settings WHERE name = 'logging_collector')::bool, false) AS collector,
  (SELECT setting FROM pg_settings WHERE name = 'log_destination') AS destination,
  (SELECT setting FROM pg_settings WHERE name = 'log_directory') AS directory, current_user::text AS role`

const collectorRemedy = `# Debian and Ubuntu:
sudo tail -F /var/log/postgresql/postgresql-*-main.log
# systemd:
sudo journalctl -u postgresql -f
# Docker Compose:
docker compose logs -f postgres`
