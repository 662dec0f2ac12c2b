import { createHash } from 'node:crypto'
import { z } from 'zod'
import { databaseMembers, formatVersion, type Manifest, type Member, manifestSummarySchema, memberSchema, sumsName } from './manifest'
import { memberNamePattern, refused } from './member-names'
import { sumsOf } from './write-archive'

export const manifestLimits = {
  bytes: 64 * 1024 * 1024,
  /** What of it the catalogue keeps and pages show: without its members. That of 10,000 tables has 600 KB. */
  summaryCharacters: 1024 * 1024,
  /** Also what a backup may have; the manifest is held in memory. */
  members: 250_000,
  /** A manifest of ours nests four deep; one of a million brackets would hold the process up for half a minute, or end it. */
  depth: 8,
  /** Objects and arrays: the members, and the tables that `summaryCharacters` has room for. */
  containers: 300_000,
  separators: 1_000_000,
} as const

/**
 * What an archive says of itself, from the bytes of its first member.
 *
 * @throws AppError BACKUP_REFUSED for a manifest that this app does not write, or a newer one; whoever wrote it, reading it is bounded
 */
export function readManifest(bytes: Buffer): Manifest {
  if (!isModest(bytes)) throw refused('Its manifest is not one that this app writes.')
  const found = z.looseObject({ members: z.unknown() }).safeParse(parseJson(bytes))
  if (!found.success) throw refused('Its manifest is not one that this app writes.')
  const { members, ...rest } = found.data
  if (JSON.stringify(rest).length > manifestLimits.summaryCharacters) throw refused('Its manifest is too large.')
  const summary = manifestSummarySchema.safeParse(rest)
  if (!summary.success || !Array.isArray(members)) throw refused('Its manifest is not one that this app writes.')
  if (summary.data.formatVersion > formatVersion)
    throw refused('It was written by a newer version of the app, in a format that this one does not know.')
  if (members.length > manifestLimits.members) throw refused(`It lists more than ${manifestLimits.members} members.`)
  const manifest = { ...summary.data, members: readMembers(members) }
  requireDatabase(manifest)
  requireSums(manifest.members)
  return manifest
}

/** One by one, to the first that is none: a list of a million faults would be as large as the manifest. */
function readMembers(members: readonly unknown[]): Member[] {
  const names = new Set<string>()
  return members.map((listed) => {
    const member = memberSchema.safeParse(listed)
    if (!member.success) throw refused('Its manifest is not one that this app writes.')
    const { name } = member.data
    if (!memberNamePattern.test(name) || names.has(name)) throw refused('Its manifest lists a name that no backup contains.')
    names.add(name)
    return member.data
  })
}

function requireDatabase({ database, members }: Manifest): void {
  const names = new Set(members.map(({ name }) => name))
  const isComplete = databaseMembers[database.format].every((name) => names.has(name))
  if ((database.engine === 'sqlite') !== (database.format === 'sqlite') || !isComplete)
    throw refused('It does not list the database that it says it holds.')
}

/** Whoever recovers by hand checks with SHA256SUMS: it must say what the manifest says. */
function requireSums(members: readonly Member[]): void {
  const listed = members.find(({ name }) => name === sumsName)
  if (listed === undefined) return
  const sums = sumsOf(members.filter(({ name }) => name !== sumsName))
  if (createHash('sha256').update(sums).digest('hex') !== listed.sha256) throw refused('Its SHA256SUMS is not that of its manifest.')
}

const [quote, backslash, comma, openBracket, openBrace, closeBracket, closeBrace] = Buffer.from('"\\,[{]}')

/** Whether there is no more in it than a manifest can have, before it is made into objects. */
function isModest(bytes: Buffer): boolean {
  let [depth, containers, separators] = [0, 0, 0]
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte === quote) {
      at = endOfText(bytes, at)
    } else if (byte === comma) separators += 1
    else if (byte === openBracket || byte === openBrace) {
      depth += 1
      containers += 1
    } else if (byte === closeBracket || byte === closeBrace) depth -= 1
    if (depth > manifestLimits.depth || containers > manifestLimits.containers || separators > manifestLimits.separators) return false
  }
  return true
}

/** Position of the quotation mark that ends a text. */
function endOfText(bytes: Buffer, start: number): number {
  let at = start + 1
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
  return at
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
