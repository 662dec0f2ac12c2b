import { join } from 'node:path'
import type { KeptPaths } from '@/lib/backup/permissions'
import type { Container } from './container'

/** What this app keeps on the disk and nobody else should read. */
export function keptPaths({ root, environment, sqlitePath }: Container): KeptPaths {
  const database = sqlitePath === null ? [] : [sqlitePath]
  return {
    files: [join(/*turbopackIgnore: true*/ root, '.env'), ...database, environment.controlPath],
    folders: [environment.cvDataDir, join(environment.dataDir, 'backups')],
  }
}
