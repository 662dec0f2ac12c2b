import { randomBytes } from 'node:crypto'

/** An id that sorts by time and says it: 20261122-131500-k3v9q2 (UTC). */
export function newBackupId(at: Date): string {
  const time = at.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${time}-${randomBytes(4).readUInt32BE().toString(36).padStart(7, '0').slice(-6)}`
}

export const backupIdPattern = /^\d{8}-\d{6}-[a-z0-9]{6}$/

/** When a backup was begun, to the second, by its id; null for what is none. */
export function dateOfId(id: string): Date | null {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})-/.exec(id) ?? []
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(date.getTime()) ? null : date
}

/** The file of a backup: standard programs tell by its name what it is. */
export function archiveFileName(id: string, encrypted: boolean): string {
  return `backup-${id}.tar.gz${encrypted ? '.age' : ''}`
}

export const archiveNamePattern = /^backup-\d{8}-\d{6}-[a-z0-9]{6}\.tar\.gz(\.age)?$/

/** Folder of everything unfinished of one backup, beside the archives. */
export function workFolderName(id: string): string {
  return `.work-${id}`
}

/** What a process that was killed may have left. */
export const leftoverPattern = /^(\.work-|\.upload-)|\.part$/
