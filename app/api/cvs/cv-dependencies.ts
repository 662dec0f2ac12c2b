import { getContainer } from '@/app/_server/container'
import { createCvStore } from '@/lib/cv/cv-store'
import type { CvDependencies } from '@/lib/cvsite/cvs'

/** What the actions on CVs need: the active database and the folder of the encrypted files. */
export async function getCvDependencies(): Promise<CvDependencies> {
  const { appDatabase, environment } = await getContainer()
  return { database: appDatabase, store: createCvStore({ folder: environment.cvDataDir, key: environment.cvEncryptionKey }) }
}
