import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'

/** The report's checksum, computed now and held against the one beside it and the one in the audit log. */
export const GET = adminRoute({ params: idParamsSchema }, ({ container, params }) => container.reports.recheck(params.id))
