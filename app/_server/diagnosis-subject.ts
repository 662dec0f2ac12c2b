import type { SessionUser } from '@/lib/auth/roles'
import { readActiveDatabase } from '@/lib/control/active-database'
import { activeEngine } from '@/lib/control/active-state'
import { createCvFiles } from '@/lib/cvsite/cv-files'
import { createCvFilesVerification } from '@/lib/cvsite/verify-cv-files'
import { parseTargetUrl, targetLabel } from '@/lib/postgres/target-url'
import { secretsOf } from '@/lib/preflight/secret-checks'
import type { FilesOutcome, Subject } from '@/lib/troubleshooting/subject'
import type { Container } from './container'
import { resolveTarget, type TargetChoice } from './job-requests'
import { hasRecentAuthentication } from './session'

/** Where the tests of the troubleshooting page look: at what an admin chose, otherwise at what the app uses now. */
export async function diagnosisSubject(container: Container, user: SessionUser, choice: TargetChoice | undefined): Promise<Subject> {
  const { control, environment, root, sqlitePath } = container
  const { state } = await readActiveDatabase(control)
  const postgresUrl = state.status === 'on-postgresql' ? container.openTarget(state.target) : null
  return {
    root,
    state,
    sqlitePath,
    target: await targetOf(container, choice),
    asksPostgres: choice !== undefined || activeEngine(state) === 'postgresql',
    store: control,
    dataDir: environment.dataDir,
    secrets: secretsOf(process.env),
    checkFiles: (signal) => checkFiles(container, postgresUrl, signal),
    isRecent: await hasRecentAuthentication(user),
  }
}

async function targetOf(container: Container, choice: TargetChoice | undefined): Promise<Subject['target']> {
  const { state } = await readActiveDatabase(container.control)
  try {
    if (choice === undefined && 'target' in state) return parsed(container.openTarget(state.target), true)
    if (choice === undefined && container.environment.targetUrl === null) return null
    const { url, allowPrivate } = await resolveTarget(container, choice ?? { from: 'environment' })
    return parsed(url, allowPrivate)
  } catch (error) {
    return { error }
  }
}

function parsed(text: string, allowPrivate: boolean): NonNullable<Subject['target']> {
  const url = parseTargetUrl(text, { allowPrivate })
  return { url, label: targetLabel(url) }
}

/** Opens the CVs of the active database, whichever engine it is. */
async function checkFiles({ environment, sqlitePath }: Container, postgresUrl: string | null, signal: AbortSignal): Promise<FilesOutcome> {
  const files = { folder: environment.cvDataDir, key: environment.cvEncryptionKey }
  if (postgresUrl === null && sqlitePath !== null) return createCvFiles(files).check(sqlitePath, () => undefined, signal)
  if (postgresUrl === null) return { rows: 0, faults: {} }
  const { checked, findings } = await createCvFilesVerification(files)(postgresUrl, () => undefined, signal)
  const faults = findings.map(({ code, count, key, sampleKeys }) => {
    const kind = code.replace(/^CV_/, '').toLowerCase().replaceAll('_', '-')
    const names = [key, ...(sampleKeys ?? [])].flatMap((one) => (one ? Object.values(one).map(String) : []))
    return [kind, { count, names }] as const
  })
  return { rows: checked, faults: Object.fromEntries(faults) }
}
