import { userRoute } from '@/app/_server/api-route'
import { readAccountOverview } from '@/lib/cvsite/account-overview'

/** The person's plan, credit balance and latest transactions. */
export const GET = userRoute({}, async ({ user, container }) => readAccountOverview(container.appDatabase, user.id))
