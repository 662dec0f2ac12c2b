import { throwIfAborted } from '@/lib/core/abort'
import { compareBytes, type WalkedFile, walkFolder } from '@/lib/core/walk-folder'
import { type CvFault, type CvRow, checkCvFile } from './check-cv-file'

export type { CvRow } from './check-cv-file'

/** Kinds of fault, also the keys of their sentences in messages/. `extra` is a file without a row. */
export const cvFaults = ['missing', 'unreadable', 'not-a-cv', 'other-version', 'other-key', 'damaged', 'other-content', 'extra'] as const

export interface CvFaults {
  readonly count: number
  /** Storage paths, at most `maximumNames`; they name files, not people. */
  readonly names: readonly string[]
}

export interface CvCheck {
  /** Rows that were looked at. */
  readonly rows: number
  readonly files: number
  /** Files that decrypt to exactly what their row describes. */
  readonly sound: number
  /** Bytes of ciphertext that were read. */
  readonly bytes: number
  /** Only kinds that occur. */
  readonly faults: Readonly<Partial<Record<(typeof cvFaults)[number], CvFaults>>>
}

export interface CheckCvOptions {
  /** Folder of the ciphertexts, absolute. */
  readonly folder: string
  /** 32 bytes. */
  readonly key: Buffer
  /** Every row, in the order of the bytes of `storagePath` (SQLite: ORDER BY storagePath; PostgreSQL: COLLATE "C"). */
  readonly rows: AsyncIterable<CvRow> | Iterable<CvRow>
  /**
   * Whether a row is there at this moment. While the app runs a CV may come or go between its row and its file: what looks
   * missing or extra is asked for once more. Default: nothing changes meanwhile.
   */
  readonly hasRow?: (storagePath: string) => boolean | Promise<boolean>
  /** After each row, without waiting. */
  readonly onProgress?: (done: { readonly rows: number; readonly bytes: number }) => void
  readonly signal: AbortSignal
}

/** Names kept of each kind of fault; the count is exact all the same. */
export const maximumNames = 50
/** Files read at once: reading waits for the disk, decrypting for a core. */
const lanes = 4

/**
 * Holds rows and files of the CVs against each other and decrypts every file, in memory that does not grow with their
 * number or size: both lists are merged in one order, and a file is decrypted as it is read.
 *
 * @throws AppError CANCELLED; what reading the rows throws; ENOENT is no error: without the folder every file is missing
 */
export async function checkCvFiles(options: CheckCvOptions): Promise<CvCheck> {
  const { folder, key, signal } = options
  const tally = createTally()
  const inFlight = new Set<Promise<void>>()
  const hasRow = options.hasRow
  let failure: { readonly error: unknown } | undefined

  const checkOne = async (row: CvRow): Promise<void> => {
    const { fault, bytes } = await checkCvFile(folder, row, key, signal)
    // A CV that was deleted while we looked lost its row first.
    const isGone = fault === 'missing' && hasRow !== undefined && !(await hasRow(row.storagePath))
    if (!isGone) tally.addRow(row.storagePath, fault, bytes)
    options.onProgress?.({ rows: tally.rows, bytes: tally.bytes })
  }
  for await (const { row, file } of mergeByPath(options.rows, filesOf(folder))) {
    throwIfAborted(signal)
    if (failure) break
    if (file) tally.files += 1
    if (row) {
      const check = checkOne(row).catch((error: unknown) => {
        failure = { error }
      })
      inFlight.add(check)
      void check.finally(() => inFlight.delete(check))
      if (inFlight.size >= lanes) await Promise.race(inFlight)
    } else if (file && !(await hasRow?.(file.path))) {
      tally.addFault(file.path, 'extra')
    }
  }
  await Promise.all(inFlight)
  if (failure) throw failure.error
  return tally.result()
}

function createTally() {
  const faults = new Map<(typeof cvFaults)[number], { count: number; names: string[] }>()
  const tally = {
    rows: 0,
    files: 0,
    sound: 0,
    bytes: 0,
    addFault(path: string, fault: (typeof cvFaults)[number]) {
      const known = faults.get(fault) ?? { count: 0, names: [] }
      faults.set(fault, known)
      known.count += 1
      if (known.names.length < maximumNames) known.names.push(path)
    },
    addRow(path: string, fault: CvFault | null, bytes: number) {
      tally.rows += 1
      tally.bytes += bytes
      if (fault === null) tally.sound += 1
      else tally.addFault(path, fault)
    },
    result: (): CvCheck => ({
      rows: tally.rows,
      files: tally.files,
      sound: tally.sound,
      bytes: tally.bytes,
      faults: Object.fromEntries(faults),
    }),
  }
  return tally
}

async function* filesOf(folder: string): AsyncGenerator<WalkedFile> {
  try {
    yield* walkFolder(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

interface Pair {
  readonly row?: CvRow
  readonly file?: WalkedFile
}

/** Rows and files side by side by their path. */
async function* mergeByPath(rows: CheckCvOptions['rows'], files: AsyncIterable<WalkedFile>): AsyncGenerator<Pair> {
  const walked = files[Symbol.asyncIterator]()
  let file = await walked.next()
  let before: string | null = null
  for await (const row of rows) {
    if (before !== null && compareBytes(before, row.storagePath) > 0)
      throw new RangeError('The rows of the CVs are not in the order of their paths.')
    before = row.storagePath
    while (!file.done && compareBytes(file.value.path, row.storagePath) < 0) {
      yield { file: file.value }
      file = await walked.next()
    }
    if (!file.done && file.value.path === row.storagePath) {
      yield { row, file: file.value }
      file = await walked.next()
    } else yield { row }
  }
  while (!file.done) {
    yield { file: file.value }
    file = await walked.next()
  }
}
