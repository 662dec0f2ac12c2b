import { adminRoute } from '@/app/_server/api-route'
import { readMigratedPair } from '@/app/_server/migrated-pair'
import { recordAudit } from '@/lib/control/audit'
import { pairTables } from '@/lib/verification/compared-tables'
import { withInspection } from '@/lib/verification/inspection'

/** The tables of both sides, for looking inside. */
export const GET = adminRoute({}, async ({ container, user, request }) => {
  const pair = await readMigratedPair(container)
  await recordAudit(container.control, { actor: user.email, action: 'look-inside.opened', subject: 'both databases' })
  return withInspection(pair, request.signal, async ({ source, target, client }) => {
    const { rows } = await client.query<{ role: string; super: boolean }>(
      `SELECT current_user AS role, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super`,
    )
    return {
      tables: pairTables(source, target).map(({ table, source: left, target: right }) => ({
        table,
        sourceColumns: left?.columns.length ?? null,
        targetColumns: right?.columns.length ?? null,
      })),
      session: { role: rows[0]?.role ?? '', isSuperuser: rows[0]?.super ?? false },
    }
  })
})
