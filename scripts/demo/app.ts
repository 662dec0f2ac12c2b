import { readFile } from 'node:fs/promises'
import Database from 'better-sqlite3'
import { startScript } from '../run-script'
import type { DemoFolder, DemoSettings } from './demo-folder'

export interface DemoApp {
  /** Exit status of web and worker's common parent, when it ends by itself. */
  readonly ended: Promise<number>
  /** Resolves when the web answers and the worker gives signs of life. @throws Error after ninety seconds */
  healthy(signal: AbortSignal): Promise<void>
  stop(): Promise<void>
  lastLines(): Promise<string>
}

const healthyTimeoutMs = 90_000

/** The variables of the demo's app; no .env is read or written. */
export function appEnvironment(
  folder: DemoFolder,
  settings: DemoSettings,
  { port, targetUrl }: { readonly port: number; readonly targetUrl?: string },
): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: `file:${folder.database}`,
    CONTROL_DATABASE_URL: `file:${folder.control}`,
    CV_DATA_DIR: folder.cvData,
    DATA_DIR: folder.data,
    CV_ENCRYPTION_KEY: settings.cvEncryptionKey,
    NEXTAUTH_SECRET: settings.nextAuthSecret,
    NEXT_PUBLIC_SITE_URL: `http://localhost:${port}`,
    NEXT_DIST_DIR: folder.build,
    NEXT_TELEMETRY_DISABLED: '1',
    NODE_ENV: 'production',
    PORT: String(port),
    ...(targetUrl === undefined ? {} : { TARGET_DATABASE_URL: targetUrl }),
  }
}

/** Starts web and worker as `npm start` does. */
export function startApp(folder: DemoFolder, env: Readonly<Record<string, string>>): DemoApp {
  const startedAt = new Date()
  const running = startScript('scripts/start.ts', [], { root: folder.root, env, log: folder.log })
  const lastLines = async () => (await readFile(folder.log, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-30).join('\n')
  let over = false
  void running.ended.then(() => {
    over = true
  })
  return {
    ended: running.ended,
    stop: () => running.stop(),
    lastLines,
    healthy: async (signal) => {
      const deadline = Date.now() + healthyTimeoutMs
      while (!signal.aborted) {
        if ((await webAnswers(`${env.NEXT_PUBLIC_SITE_URL}/sign-in`)) && workerIsAlive(folder.control, startedAt)) return
        if (over || Date.now() > deadline) throw new Error(`Web and worker did not start. The end of ${folder.log}:\n${await lastLines()}`)
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    },
  }
}

async function webAnswers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
    (response) => response.ok,
    () => false,
  )
}

/** Whether a worker of this start has noted a heartbeat in the control store. */
function workerIsAlive(controlPath: string, since: Date): boolean {
  try {
    const control = new Database(controlPath, { readonly: true, fileMustExist: true })
    try {
      const beats = control.prepare<[], { heartbeatAt: string | number }>('SELECT heartbeatAt FROM Worker WHERE stoppedAt IS NULL').all()
      return beats.some(({ heartbeatAt }) => new Date(heartbeatAt) >= since)
    } finally {
      control.close()
    }
  } catch {
    // Not made yet, or being made.
    return false
  }
}
