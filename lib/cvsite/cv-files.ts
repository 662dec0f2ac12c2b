import { z } from 'zod'
import { type CvCheck, type CvRow, checkCvFiles } from '@/lib/cv/check-cvs'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'

export interface CvFilesOptions {
  /** Folder of the ciphertexts, absolute. */
  readonly folder: string
  /** 32 bytes. */
  readonly key: Buffer
}

/** SQLite keeps any kind of value in any column: what no file can be is a fault of that row, and not of the whole check. */
const rowSchema = z.object({
  storagePath: z.coerce.string(),
  sizeBytes: z.number().catch(-1),
  sha256: z.instanceof(Buffer).catch(() => Buffer.alloc(0)),
})

/** cvsite's files for whoever looks after them without knowing what they are: the encrypted CVs and the rows of `CvFile`. */
export function createCvFiles({ folder, key }: CvFilesOptions) {
  return {
    folder,
    /** Opens every CV of the rows in a SQLite file. @throws AppError SOURCE_*, CANCELLED */
    check: async (
      sourcePath: string,
      onProgress: (done: { readonly rows: number; readonly bytes: number; readonly rowsTotal: number }) => void,
      signal: AbortSignal,
    ): Promise<CvCheck> => {
      const rows = openSqlite(sourcePath, { readonly: true })
      // A statement that is being stepped through keeps its connection to itself: single rows are asked for on another.
      const single = openSqlite(sourcePath, { readonly: true })
      try {
        const rowsTotal = z.number().parse(rows.prepare('SELECT count(*) FROM "CvFile"').pluck().get())
        const hasRow = single.prepare<[string], unknown>('SELECT 1 FROM "CvFile" WHERE "storagePath" = ?')
        return await checkCvFiles({
          folder,
          key,
          rows: cvRows(rows),
          hasRow: (storagePath) => hasRow.get(storagePath) !== undefined,
          onProgress: (done) => onProgress({ ...done, rowsTotal }),
          signal,
        })
      } finally {
        single.close()
        rows.close()
      }
    },
  }
}

function* cvRows(db: SqliteDatabase): Generator<CvRow> {
  for (const row of db.prepare('SELECT "storagePath", "sizeBytes", sha256 FROM "CvFile" ORDER BY "storagePath"').iterate()) {
    yield rowSchema.parse(row)
  }
}
