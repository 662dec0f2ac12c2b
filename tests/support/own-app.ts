import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { ControlStore } from '@/lib/control/control-store'
import { createCvFiles } from '@/lib/cvsite/cv-files'
import { createOwnApp } from '@/lib/preflight/create-own-app'
import type { OwnApp } from '@/lib/preflight/own-app'

/** Looks like chance, as a good key does, and is the same in each run. */
export const strongCvKey = createHash('sha256').update('a key for tests').digest()

/** Keys as a good environment has them; never used for anything else. */
export const testSecrets = {
  CV_ENCRYPTION_KEY: strongCvKey.toString('base64'),
  NEXTAUTH_SECRET: 'Zr4u7x!A%D*G-KaNdRgUkXp2s5v8y/B?E(H+MbQeThVm',
} as const

/** The host app as the preflight sees it, with its CVs in `folder`. */
export function createTestOwnApp(folder: string, store: ControlStore | null): OwnApp {
  const hostFolder = join(folder, 'cv_data')
  return createOwnApp({
    root: join(import.meta.dirname, '../..'),
    secrets: testSecrets,
    store,
    hostFolder,
    hostFiles: createCvFiles({ folder: hostFolder, key: strongCvKey }),
  })
}
