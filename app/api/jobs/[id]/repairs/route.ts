import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { readActiveDatabase } from '@/lib/control/active-database'
import { recordAudit } from '@/lib/control/audit'
import { AppError } from '@/lib/core/errors'
import { repairChoiceSchema } from '@/lib/core/repair-choice'
import { getJob } from '@/lib/jobs/job-queue'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { repeatMigration } from '@/lib/jobs/repeat-migration'
import { migrationResultSchema } from '@/lib/migration/migration-result'

const choicesSchema = z.object({ choices: z.array(repairChoiceSchema).min(1).max(1_000) })

/** Starts a migration again that was refused, with repairs by choice. */
export const POST = adminRoute(
  { params: idParamsSchema, body: choicesSchema, rateLimit: 'job-start', status: 202 },
  async ({ container, params, body, user }) => {
    const { control } = container
    requireStateFor('migrate', (await readActiveDatabase(control)).state)
    const job = await repeatMigration(control, params.id, body.choices, user.email)
    const chosen = body.choices.map(({ kind, choice, scope }) => `${kind}=${choice}${scope === null ? '' : `:${scope}`}`).join(', ')
    await recordAudit(control, {
      actor: user.email,
      action: 'repairs.chosen',
      subject: job.id,
      detail: { choices: chosen.slice(0, 2_000) },
    })
    return { job }
  },
)

/** The list of every row that a migration repaired, as CSV: keys and shapes, no values. */
export const GET = adminRoute({ params: idParamsSchema }, async ({ container, params, user }) => {
  const { result } = await getJob(container.control, params.id)
  const parsed = migrationResultSchema.pick({ repairList: true }).safeParse(result)
  const list = parsed.success ? parsed.data.repairList : null
  const file = list === null ? null : await stat(/*turbopackIgnore: true*/ list.path).catch(() => null)
  if (list === null || file === null) {
    throw new AppError({
      code: 'NOT_FOUND',
      operation: 'read the list of repairs',
      subject: params.id,
      message: 'There is no list of repaired rows for this job, or its file is gone.',
      hint: 'The list is removed when the copy is discarded.',
    })
  }
  await recordAudit(container.control, { actor: user.email, action: 'repairs.downloaded', subject: params.id, detail: { rows: list.rows } })
  const stream = createReadStream(/*turbopackIgnore: true*/ list.path)
  // Node's own type of the same streams.
  return new Response(Readable.toWeb(stream) as ReadableStream<Uint8Array>, {
    headers: {
      'Content-Type': 'text/csv; charset=utf-8',
      'Content-Length': String(file.size),
      'Content-Disposition': `attachment; filename="repairs-${params.id.replace(/[^\w-]/g, '_')}.csv"`,
      'Cache-Control': 'private, no-store',
      'X-Content-Type-Options': 'nosniff',
    },
  })
})
