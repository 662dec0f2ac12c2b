import type { Finding } from '@/lib/core/finding'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { openSqlite } from '@/lib/sqlite/open-database'
import { findCaptureRefusals } from './capture'

/**
 * Why this file cannot be migrated while it is written to; none when it can. Reads the catalogue only.
 *
 * @throws AppError SOURCE_*
 */
export function readLiveRefusals(sourcePath: string): readonly Finding[] {
  const db = openSqlite(sourcePath, { readonly: true })
  try {
    return findCaptureRefusals(readSqliteCatalogue(db))
  } finally {
    db.close()
  }
}
