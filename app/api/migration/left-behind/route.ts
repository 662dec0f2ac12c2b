import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { readLines, writeLeftBehind } from '@/app/_server/left-behind'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { recordAudit } from '@/lib/control/audit'
import { readEmergency } from '@/lib/control/way-back'
import { AppError } from '@/lib/core/errors'
import { leftBehindFolder } from '@/lib/migration/close-abandoned'

const querySchema = z.object({
  format: z.enum(['csv', 'jsonl']).default('csv'),
  /** Whether the rows' contents come along, of both sides: personal data, and so only for who just gave the password. */
  rows: z.enum(['true', 'false']).default('false'),
})

/** The list of the rows that stayed behind on PostgreSQL: table, key, operation, and whether SQLite's row was changed too. */
export const GET = adminRoute({ query: querySchema, rateLimit: 'reveal' }, async ({ container, user, query }) => {
  const withRows = query.rows === 'true'
  if (withRows) await requireRecentAuthentication(user, 'download what stayed behind')
  const record = await readEmergency(container.control)
  const file = record?.postgres.status === 'closed' ? record.postgres.file : null
  const path = file === null ? null : join(/*turbopackIgnore: true*/ leftBehindFolder(container.environment.dataDir), file)
  if (path === null || !(await stat(path).catch(() => null))) throw noList()
  const detail = { format: query.format, rows: withRows }
  await recordAudit(container.control, { actor: user.email, action: 'emergency.list-downloaded', subject: file ?? '', detail })
  const name = (file ?? '').replace(/\.jsonl$/, `${withRows ? '' : '-keys'}.${query.format}`)
  const parts = Readable.from(writeLeftBehind(readLines(path), query.format, withRows))
  return new Response(Readable.toWeb(parts) as ReadableStream<Uint8Array>, {
    headers: {
      'Content-Type': query.format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8',
      'Content-Disposition': `attachment; filename="${name}"`,
      'Cache-Control': 'private, no-store',
      'X-Content-Type-Options': 'nosniff',
    },
  })
})

function noList(): AppError {
  return new AppError({
    code: 'NOT_FOUND',
    operation: 'download what stayed behind',
    message: 'There is no list: nothing stayed behind, or PostgreSQL has not been reached yet.',
    hint: 'Look at the Migration page.',
  })
}
