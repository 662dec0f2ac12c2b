import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type LoggedProgram, loggedPrograms } from '@/lib/core/log-files'
import { type LogEntry, type LogLevel, type LogQuery, matches } from './log-entry'

interface LogFile {
  readonly program: LoggedProgram
  readonly number: number
  readonly path: string
}

const lineSchema = z.looseObject({ level: z.number(), time: z.number(), msg: z.string().optional() })
/** What every line has, and the reader need not see again. */
const own = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg'])

/** The newest lines of the files that are what a query asks for, newest first, at most `limit`. */
export async function searchLogFiles(folder: string, query: LogQuery, limit: number): Promise<readonly LogEntry[]> {
  const found: LogEntry[] = []
  for (const program of loggedPrograms.filter((name) => query.source === 'all' || query.source === name)) {
    let taken = 0
    // Newest file first, each from its end.
    for (const file of (await listFiles(folder, program)).reverse()) {
      if (taken >= limit) break
      const lines = (await readFile(file.path, 'utf8').catch(() => '')).split('\n')
      for (let place = lines.length - 1; place >= 0 && taken < limit; place -= 1) {
        const entry = parseLine(lines[place] ?? '', file, place)
        if (entry === null || !matches(entry, query)) continue
        found.push(entry)
        taken += 1
      }
    }
  }
  return found.sort((a, b) => b.at.localeCompare(a.at)).slice(0, limit)
}

/** Where a reader stands in each file. */
export interface FilePlaces {
  readonly folder: string
  readonly places: Map<string, { bytes: number; lines: number }>
}

/** The end of every file as it is now. */
export async function startAtEnd(folder: string): Promise<FilePlaces> {
  const places = new Map<string, { bytes: number; lines: number }>()
  for (const { path } of await listAll(folder)) {
    const { size } = await stat(path)
    places.set(path, { bytes: size, lines: 0 })
  }
  return { folder, places }
}

/** Whole lines that were written since, oldest first; the places move on. A file that is new is read from its start. */
export async function readNewLines({ folder, places }: FilePlaces): Promise<readonly LogEntry[]> {
  const entries: LogEntry[] = []
  for (const file of await listAll(folder)) {
    const place = places.get(file.path) ?? { bytes: 0, lines: 0 }
    places.set(file.path, place)
    const text = await readFrom(file.path, place.bytes)
    const end = text.lastIndexOf('\n')
    if (end < 0) continue
    const whole = text.slice(0, end + 1)
    for (const line of whole.split('\n')) {
      // A number that no line of a search has: bytes before it, and which one after.
      const entry = parseLine(line, file, `${place.bytes}+${place.lines}`)
      place.lines += 1
      if (entry) entries.push(entry)
    }
    place.bytes += Buffer.byteLength(whole)
    place.lines = 0
  }
  return entries.sort((a, b) => a.at.localeCompare(b.at))
}

async function readFrom(path: string, start: number): Promise<string> {
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return ''
  try {
    const { size } = await file.stat()
    if (size <= start) return ''
    const buffer = Buffer.alloc(Math.min(size - start, 1024 * 1024))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start)
    return buffer.subarray(0, bytesRead).toString('utf8')
  } finally {
    await file.close()
  }
}

async function listAll(folder: string): Promise<readonly LogFile[]> {
  return (await Promise.all(loggedPrograms.map((program) => listFiles(folder, program)))).flat()
}

/** A program's files, oldest first. */
async function listFiles(folder: string, program: LoggedProgram): Promise<LogFile[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .flatMap((name) => {
      const number = new RegExp(`^${program}\\.(\\d+)\\.log$`).exec(name)?.[1]
      return number === undefined ? [] : [{ program, number: Number(number), path: join(folder, name) }]
    })
    .sort((a, b) => a.number - b.number)
}

/** A line as pino writes it; null for an empty or torn one. */
function parseLine(line: string, { program, number }: LogFile, place: number | string): LogEntry | null {
  if (line.trim() === '') return null
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  const parsed = lineSchema.safeParse(value)
  if (!parsed.success) return null
  const rest = Object.fromEntries(Object.entries(parsed.data).filter(([key]) => !own.has(key)))
  const { job, jobId } = rest
  const id = [jobId, job].find((one) => typeof one === 'string')
  return {
    id: `${program}.${number}.${place}`,
    at: new Date(parsed.data.time).toISOString(),
    level: levelOf(parsed.data.level),
    source: program,
    text: parsed.data.msg ?? '',
    detail: Object.keys(rest).length === 0 ? null : JSON.stringify(rest, null, 1),
    jobId: typeof id === 'string' ? id : null,
  }
}

/** https://getpino.io/#/docs/api?id=loggerlevels-object */
function levelOf(number: number): LogLevel {
  if (number >= 50) return 'error'
  if (number >= 40) return 'warn'
  return number >= 30 ? 'info' : 'debug'
}
