import { z } from 'zod'

/** What a line of PostgreSQL's JSON log holds that is shown. https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-JSONLOG */
const jsonLine = z.object({
  timestamp: z.string(),
  pid: z.number().optional(),
  user: z.string().optional(),
  dbname: z.string().optional(),
  error_severity: z.string().optional(),
  state_code: z.string().optional(),
  message: z.string().optional(),
  detail: z.string().optional(),
  hint: z.string().optional(),
  statement: z.string().optional(),
})

/** Columns of the CSV log, by their place in its documentation; later versions add some at the end. */
const csv = {
  timestamp: 0,
  user: 1,
  database: 2,
  pid: 3,
  severity: 11,
  state: 12,
  message: 13,
  detail: 14,
  hint: 15,
  statement: 19,
} as const

/**
 * A server's log as lines for people, in the form of its plain log, whichever form it is written in. Pure.
 *
 * @param file its name, whose ending says the form
 * @param isCut whether the text begins somewhere inside the file: then its first line is left out
 */
export function readLogLines(file: string, text: string, isCut: boolean): readonly string[] {
  if (file.endsWith('.csv')) return csvRecords(text, isCut).map(csvSentence)
  const lines = (isCut ? text.slice(text.indexOf('\n') + 1) : text).split('\n').filter((line) => line !== '')
  return file.endsWith('.json') ? lines.map(jsonSentence) : lines
}

function jsonSentence(line: string): string {
  try {
    const { timestamp, pid, user, dbname, error_severity: severity, state_code: state, ...said } = jsonLine.parse(JSON.parse(line))
    return sentence({ timestamp, pid: pid === undefined ? '' : String(pid), user, database: dbname, severity, state, ...said })
  } catch {
    // A line that is being written, or of a form that is not known: as it stands.
    return line
  }
}

function csvSentence(fields: readonly string[]): string {
  const field = (name: keyof typeof csv) => fields[csv[name]] ?? ''
  return sentence({
    timestamp: field('timestamp'),
    pid: field('pid'),
    user: field('user'),
    database: field('database'),
    severity: field('severity'),
    state: field('state'),
    message: field('message'),
    detail: field('detail'),
    hint: field('hint'),
    statement: field('statement'),
  })
}

type Said = Partial<Record<keyof typeof csv, string | undefined>>

function sentence({ timestamp, pid, user, database, severity, state, message, detail, hint, statement }: Said): string {
  const who = user ? ` ${user}@${database ?? ''}` : ''
  const code = state && state !== '00000' ? ` ${state}` : ''
  const further = [
    ['DETAIL', detail],
    ['HINT', hint],
    ['STATEMENT', statement],
  ].flatMap(([name, words]) => (words ? [`\n    ${name}: ${words.replaceAll('\n', '\n    ')}`] : []))
  return `${timestamp} [${pid ?? ''}]${who} ${severity ?? 'LOG'}${code}: ${message ?? ''}${further.join('')}`
}

/** Records of a CSV text: fields in quotes may hold line breaks. The first record of a cut text begins where a timestamp does. */
function csvRecords(text: string, isCut: boolean): string[][] {
  const start = isCut ? text.search(/(?<=\n)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/) : 0
  const records: string[][] = []
  let record: string[] = []
  let field = ''
  let isQuoted = false
  for (let place = Math.max(0, start); place < text.length; place += 1) {
    const character = text[place]
    if (isQuoted) {
      if (character !== '"') field += character
      else if (text[place + 1] === '"') {
        field += '"'
        place += 1
      } else isQuoted = false
    } else if (character === '"') isQuoted = true
    else if (character === ',') {
      record.push(field)
      field = ''
    } else if (character === '\n') {
      records.push([...record, field])
      record = []
      field = ''
    } else field += character
  }
  return records
}
