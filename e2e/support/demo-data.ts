import { randomBytes } from 'node:crypto'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runScript } from '../../scripts/run-script'

/** Secrets of the run: CVs of the data set are encrypted once and must open in every stack. */
const cvEncryptionKey = process.env.E2E_CV_KEY ?? randomBytes(32).toString('base64')
process.env.E2E_CV_KEY = cvEncryptionKey

const users = 300

export interface DataFolder {
  readonly database: string
  readonly cvData: string
}

/** Variables that every process of a stack has in common. */
export function commonEnvironment(folder: string): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: `file:${join(folder, 'app.db')}`,
    CONTROL_DATABASE_URL: `file:${join(folder, 'data/control.db')}`,
    CV_DATA_DIR: join(folder, 'cv_data'),
    DATA_DIR: join(folder, 'data'),
    CV_ENCRYPTION_KEY: cvEncryptionKey,
    NEXTAUTH_SECRET: 'a secret of the browser journeys, long enough',
    NEXT_PUBLIC_SITE_URL: 'http://localhost:3000',
  }
}

export async function makeDemoData(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const args = ['--users', String(users), '--json']
  const { status } = await runScript('scripts/generate-data.ts', args, { root: process.cwd(), env: commonEnvironment(folder) })
  if (status !== 0) throw new Error('The demo data could not be made.')
}

/** A copy of the run's data for one stack. */
export async function copyDemoData(target: string): Promise<DataFolder> {
  const source = join(process.env.E2E_FOLDER ?? '', 'demo-data')
  await cp(source, target, { recursive: true })
  return { database: join(target, 'app.db'), cvData: join(target, 'cv_data') }
}
