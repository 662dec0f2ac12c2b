import { join } from 'node:path'
import type { ControlStore } from '@/lib/control/control-store'
import { createCvFiles } from '@/lib/cvsite/cv-files'
import { createOwnApp } from '@/lib/preflight/create-own-app'
import type { OwnApp } from '@/lib/preflight/own-app'
import { testCvKey } from './cvsite-app'

/** Keys as a good environment has them; never used for anything else. */
export const testSecrets = {
  CV_ENCRYPTION_KEY: testCvKey.toString('base64'),
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
    hostFiles: createCvFiles({ folder: hostFolder, key: testCvKey }),
  })
}
