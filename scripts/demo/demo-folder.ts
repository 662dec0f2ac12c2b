import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import getPort, { portNumbers } from 'get-port'
import { z } from 'zod'
import { reachableFolder } from '../embedded-postgres'

const settingsSchema = z.object({
  cvEncryptionKey: z.string(),
  nextAuthSecret: z.string(),
  /** Kept between runs: after the switch the app goes on with the database at this address. */
  postgresPort: z.number().int(),
  /** Rows of the demo data, once they are complete; null before. */
  rows: z.number().int().nullable(),
})

const runningSchema = z.object({ pid: z.number().int(), url: z.string(), postgresUrl: z.string() })

export type DemoSettings = z.infer<typeof settingsSchema>
export type RunningDemo = z.infer<typeof runningSchema>

/** Everything of the demo is in here, and git ignores it. */
export interface DemoFolder {
  readonly root: string
  readonly path: string
  readonly database: string
  readonly cvData: string
  readonly data: string
  readonly control: string
  readonly cluster: string
  /** Build of the demo, relative to the app's folder as next.config.ts wants it. */
  readonly build: string
  readonly log: string
}

export function demoFolder(root: string): DemoFolder {
  const path = join(root, '.demo')
  return {
    root,
    path,
    database: join(path, 'app.db'),
    cvData: join(path, 'cv_data'),
    data: join(path, 'data'),
    control: join(path, 'data/control.db'),
    cluster: join(path, 'postgres'),
    build: '.demo/next',
    log: join(path, 'app.log'),
  }
}

/** The settings of the last run, or new ones: secrets of this demo's own, and a port that was free. */
export async function openSettings(folder: DemoFolder): Promise<DemoSettings> {
  const text = await readFile(settingsFile(folder), 'utf8').catch(() => undefined)
  if (text !== undefined) return settingsSchema.parse(JSON.parse(text))
  await mkdir(folder.data, { recursive: true })
  const settings: DemoSettings = {
    cvEncryptionKey: randomBytes(32).toString('base64'),
    nextAuthSecret: randomBytes(32).toString('base64'),
    postgresPort: await freePort(),
    rows: null,
  }
  await saveSettings(folder, settings)
  return settings
}

export async function saveSettings(folder: DemoFolder, settings: DemoSettings): Promise<void> {
  await writeFile(`${settingsFile(folder)}.new`, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 })
  await rename(`${settingsFile(folder)}.new`, settingsFile(folder))
}

/** The demo that runs from this folder now, if any; a note left by one that was killed does not count. */
export async function findRunningDemo(folder: DemoFolder): Promise<RunningDemo | undefined> {
  const text = await readFile(runningFile(folder), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const parsed = runningSchema.safeParse(JSON.parse(text))
  if (!parsed.success || parsed.data.pid === process.pid) return undefined
  try {
    process.kill(parsed.data.pid, 0)
    return parsed.data
  } catch {
    return undefined
  }
}

export async function noteRunning(folder: DemoFolder, running: RunningDemo): Promise<() => Promise<void>> {
  await writeFile(runningFile(folder), JSON.stringify(running), { mode: 0o600 })
  return () => rm(runningFile(folder), { force: true })
}

/** Removes all but the build, which does not depend on the data and takes the longest. */
export async function resetDemo(folder: DemoFolder): Promise<void> {
  const parts = [
    folder.database,
    `${folder.database}-wal`,
    `${folder.database}-shm`,
    folder.cvData,
    folder.data,
    await reachableFolder(folder.cluster),
  ]
  for (const path of [...parts, folder.log, settingsFile(folder), runningFile(folder)]) await rm(path, { recursive: true, force: true })
}

/** A free port that a second demo, or a PostgreSQL of the machine's own, is unlikely to want. */
async function freePort(): Promise<number> {
  const start = 20_000 + Math.floor(Math.random() * 10_000)
  return getPort({ host: '127.0.0.1', port: portNumbers(start, start + 200) })
}

function settingsFile(folder: DemoFolder): string {
  return join(folder.path, 'settings.json')
}

function runningFile(folder: DemoFolder): string {
  return join(folder.path, 'running.json')
}
