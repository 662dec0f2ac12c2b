import { readActiveSource } from '@/app/_server/active-source'
import { adminRoute } from '@/app/_server/api-route'
import { readChecklist } from '@/lib/advisor/checklist'
import { readAdvice } from '@/lib/advisor/read-advice'

/** Stay on SQLite or move: measured here and now, with the reasons. */
export const GET = adminRoute({ rateLimit: 'browse' }, async ({ container }) => {
  const { control: store, environment, root, backups, sqlitePath } = container
  const { cvDataDir: cvFolder, dataDir } = environment
  const databaseUrl = process.env.DATABASE_URL ?? ''
  return readAdvice({
    store,
    source: await readActiveSource(container),
    readChecklist: async () =>
      sqlitePath === null ? [] : readChecklist({ root, sqlitePath, cvFolder, dataDir, databaseUrl, store, backups }),
  })
})
