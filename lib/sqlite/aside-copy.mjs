import { closeSync, openSync, readSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'

/** Pages between two looks at the process's messages: some 20 MB. */
const pagesPerStep = 5000
const blockBytes = 1024 * 1024

/**
 * Copies the database page by page with SQLite's online backup (https://sqlite.org/backup.html), inside one read
 * transaction, so that what is copied is one moment's state, and compares the two files. The copy is left in the journal
 * mode `delete`: one file, whole by itself.
 *
 * @returns {Promise<{ isCompared: boolean }>} whether every byte was seen to be equal. It is false where part of the source
 * still lies in its -wal file, or the source has no byte, so that the files may differ by right.
 * @throws when they differ, SqliteError
 */
export async function copyPages(db, target) {
  db.exec('BEGIN')
  db.prepare('SELECT count(*) FROM sqlite_master').get()
  await db.backup(target, { progress: () => pagesPerStep })
  const isInWal = (statSync(`${db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
  // A file without a byte is an empty database, and its copy has a header.
  const isCompared = !isInWal && statSync(db.name).size > 0
  const difference = isCompared ? firstDifference(db.name, target) : null
  db.exec('COMMIT')
  if (difference !== null) throw new Error(`The copy differs from the database at byte ${difference}.`)
  const copy = new Database(target)
  copy.pragma('journal_mode = DELETE')
  copy.close()
  return { isCompared }
}

/** Bytes of the file header that count changes and name the writing library (https://sqlite.org/fileformat2.html#the_database_header). */
const counters = [
  [24, 28],
  [40, 44],
  [92, 100],
]

/** The first byte in which two database files differ, but for the counters of their headers; null when they are equal. */
export function firstDifference(source, copy) {
  const files = [openSync(source, 'r'), openSync(copy, 'r')]
  const blocks = [Buffer.alloc(blockBytes), Buffer.alloc(blockBytes)]
  try {
    for (let position = 0; ; ) {
      const [one, other] = files.map((file, index) => blocks[index].subarray(0, readFully(file, blocks[index], position)))
      if (position === 0) for (const [from, to] of counters) for (const block of [one, other]) block.fill(0, from, to)
      if (!one.equals(other)) return position + firstUnequal(one, other)
      if (one.length === 0) return null
      position += one.length
    }
  } finally {
    for (const file of files) closeSync(file)
  }
}

function readFully(file, block, position) {
  let length = 0
  for (;;) {
    const read = readSync(file, block, length, block.length - length, position + length)
    length += read
    if (read === 0 || length === block.length) return length
  }
}

function firstUnequal(one, other) {
  const shorter = Math.min(one.length, other.length)
  for (let at = 0; at < shorter; at += 1) if (one[at] !== other[at]) return at
  return shorter
}
