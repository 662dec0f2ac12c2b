import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { throwIfAborted } from '@/lib/core/abort'
import { cvFormat, startOpening } from './cv-format'
import { locateCv } from './cv-store'

/** The row of a CV, as either database has it. */
export interface CvRow {
  readonly storagePath: string
  /** Length of the plaintext in bytes. */
  readonly sizeBytes: number
  /** SHA-256 of the plaintext, 32 bytes. */
  readonly sha256: Buffer
}

/** Why a file does not give the CV of its row. */
export type CvFault = 'missing' | 'unreadable' | 'not-a-cv' | 'other-version' | 'other-key' | 'damaged' | 'other-content'

export interface CvFileCheck {
  /** Null when the file decrypts to exactly what the row describes. */
  readonly fault: CvFault | null
  /** Bytes that were read. */
  readonly bytes: number
}

const bufferBytes = 256 * 1024

/**
 * Decrypts one file as it is read, 256 KiB at a time, and compares length and SHA-256 of the plaintext with its row.
 *
 * @throws AppError CANCELLED; everything that is wrong with the file is part of the answer
 */
export async function checkCvFile(folder: string, row: CvRow, key: Buffer, signal: AbortSignal): Promise<CvFileCheck> {
  const path = locateCv(folder, row.storagePath)
  if (path === null) return { fault: 'missing', bytes: 0 }
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    return { fault: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'unreadable', bytes: 0 }
  }
  try {
    return await checkContent(file, row, key, signal)
  } finally {
    await file.close()
  }
}

async function checkContent(file: FileHandle, row: CvRow, key: Buffer, signal: AbortSignal): Promise<CvFileCheck> {
  let bytes = 0
  const answer = (fault: CvFault | null) => ({ fault, bytes })
  try {
    const stats = await file.stat()
    if (!stats.isFile()) return answer('unreadable')
    const header = Buffer.alloc(cvFormat.headerBytes)
    bytes += (await file.read(header, 0, header.length, 0)).bytesRead
    const opening = startOpening(header, stats.size, key, row.storagePath)
    if (opening.status === 'refused') return answer(opening.reason)
    const hash = createHash('sha256')
    const buffer = Buffer.alloc(Math.min(bufferBytes, Math.max(1, stats.size)))
    const end = stats.size - cvFormat.tagBytes
    let plainBytes = 0
    for (let position = cvFormat.headerBytes; position < end; ) {
      throwIfAborted(signal)
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - position), position)
      if (bytesRead === 0) return answer('damaged')
      const plain = opening.decipher.update(buffer.subarray(0, bytesRead))
      hash.update(plain)
      plainBytes += plain.length
      position += bytesRead
      bytes += bytesRead
    }
    const tag = Buffer.alloc(cvFormat.tagBytes)
    bytes += (await file.read(tag, 0, tag.length, end)).bytesRead
    try {
      opening.decipher.setAuthTag(tag).final()
    } catch {
      return answer('damaged')
    }
    return answer(plainBytes === row.sizeBytes && hash.digest().equals(row.sha256) ? null : 'other-content')
  } catch (error) {
    throwIfAborted(signal)
    // EIO, EISDIR: the disk's own word.
    if (error instanceof Error && 'syscall' in error) return answer('unreadable')
    throw error
  }
}
