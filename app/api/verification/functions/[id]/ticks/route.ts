import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { functionReports } from '@/app/_server/function-reports'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { checklistItems, tickSchema } from '@/lib/verification/function-report'

/** Null takes a tick back. */
const bodySchema = z.object({ item: z.enum(checklistItems), outcome: tickSchema.shape.outcome.nullable() })

/** Notes that the admin tried a point of the checklist by hand. */
export const POST = adminRoute(
  { params: idParamsSchema, body: bodySchema, rateLimit: 'job-start' },
  async ({ container, user, params, body }) => {
    await functionReports(container).tick(params.id, body.item, body.outcome, user.email)
    return { item: body.item, outcome: body.outcome }
  },
)
