import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { AppError } from '@/lib/core/errors'

const pageSchema = z.object({
  table: z.string().min(1).max(200),
  offset: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

/** The rows of one table that differ, by key and column, a page at a time. */
export const GET = adminRoute({ params: idParamsSchema, query: pageSchema }, async ({ container, params, query }) => {
  const { result } = await container.reports.get(params.id)
  const table = result.tables.find((candidate) => candidate.table === query.table)
  if (!table) throw new AppError({ code: 'NOT_FOUND', subject: query.table, message: 'The report has no such table.' })
  const { differences, differencesTotal } = table
  return { differences: differences.slice(query.offset, query.offset + query.limit), named: differences.length, total: differencesTotal }
})
