import { z } from 'zod'
import { createFinding, type Finding } from '@/lib/core/finding'
import type { FindingCode } from '@/lib/core/finding-codes'
import type { Report } from '@/lib/core/progress'
import { qualifiedName } from '@/lib/core/quoted-name'
import { type CvCheck, type CvRow, checkCvFiles, cvFaults } from '@/lib/cv/check-cvs'
import { withPostgres } from '@/lib/postgres/connect'
import { schemaOf } from '@/lib/postgres/target-url'
import type { FilesCheck } from '@/lib/verification/verify-databases'

const rowSchema = z.object({ storagePath: z.string(), sizeBytes: z.number(), sha256: z.instanceof(Buffer) })
const pageRows = 1_000

/**
 * Opens the CV of every row that PostgreSQL has and looks for files without a row: the rows prove nothing about the files
 * that they speak of.
 */
export function createCvFilesVerification({ folder, key }: { readonly folder: string; readonly key: Buffer }) {
  return (targetUrl: string, report: Report, signal: AbortSignal): Promise<FilesCheck> =>
    withPostgres(targetUrl, { applicationName: 'bascule verification of files', signal }, async (client) => {
      const table = qualifiedName(schemaOf(targetUrl), 'CvFile')
      await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY')
      async function* rows(): AsyncGenerator<CvRow> {
        for (let after = ''; ; ) {
          const sql = `SELECT "storagePath", "sizeBytes", sha256 FROM ${table} WHERE "storagePath" COLLATE "C" > $1 ORDER BY "storagePath" COLLATE "C" LIMIT ${pageRows}`
          const page = z.array(rowSchema).parse((await client.query(sql, [after])).rows)
          yield* page
          const last = page.at(-1)
          if (!last || page.length < pageRows) return
          after = last.storagePath
        }
      }
      const hasRow = async (path: string) => (await client.query(`SELECT 1 FROM ${table} WHERE "storagePath" = $1`, [path])).rowCount === 1
      const rowsTotal = Number((await client.query<{ rows: string }>(`SELECT count(*)::text AS rows FROM ${table}`)).rows[0]?.rows ?? 0)
      const onProgress = ({ rows: rowsDone, bytes: bytesDone }: { rows: number; bytes: number }) =>
        report({ type: 'progress', phase: 'files', tables: [], rowsDone, rowsTotal, bytesDone, rowsPerSecond: null, remainingMs: null })
      const check = await checkCvFiles({ folder, key, rows: rows(), hasRow, onProgress: throttled(onProgress), signal })
      return { checked: check.rows, findings: findingsOf(check) }
    })
}

const sentences: Readonly<Record<(typeof cvFaults)[number], readonly [message: string, hint: string]>> = {
  missing: [
    'The files of these CVs are missing.',
    'Restore them from a backup of the CV folder, and check that CV_DATA_DIR names that folder.',
  ],
  unreadable: ['The files of these CVs cannot be read.', 'Check the permissions of the CV folder and the health of its disk.'],
  'not-a-cv': ['These files are no encrypted CVs.', 'Restore them from a backup of the CV folder.'],
  'other-version': [
    'These files were written by another version of the app.',
    'Start the version that wrote them, or restore them from a backup.',
  ],
  'other-key': ['These CVs were encrypted with another key.', 'Set CV_ENCRYPTION_KEY to the key that they were encrypted with.'],
  damaged: ['These files are damaged.', 'Restore them from a backup of the CV folder.'],
  'other-content': ['These files hold another CV than their rows describe.', 'Restore database and CV folder from one backup.'],
  extra: ['These files belong to no row.', 'They show nothing to anybody; remove them once you are sure that no row is missing.'],
}

const codes = {
  missing: 'CV_MISSING',
  unreadable: 'CV_UNREADABLE',
  'not-a-cv': 'CV_NOT_A_CV',
  'other-version': 'CV_OTHER_VERSION',
  'other-key': 'CV_OTHER_KEY',
  damaged: 'CV_DAMAGED',
  'other-content': 'CV_OTHER_CONTENT',
  extra: 'CV_EXTRA',
} as const satisfies Readonly<Record<(typeof cvFaults)[number], FindingCode>>

function findingsOf({ faults }: CvCheck): readonly Finding[] {
  return cvFaults.flatMap((fault) => {
    const found = faults[fault]
    if (!found) return []
    const [message, hint] = sentences[fault]
    const keys = found.names.map((storagePath) => ({ storagePath }))
    return createFinding({
      code: codes[fault],
      severity: fault === 'extra' ? 'note' : 'blocks',
      table: 'CvFile',
      column: 'storagePath',
      key: keys[0] ?? null,
      sampleKeys: keys.slice(1, 11),
      count: found.count,
      message,
      hint,
    })
  })
}

/** At most five times a second. */
function throttled<T>(say: (value: T) => void): (value: T) => void {
  let last = Number.NEGATIVE_INFINITY
  return (value) => {
    if (performance.now() - last < 200) return
    last = performance.now()
    say(value)
  }
}
