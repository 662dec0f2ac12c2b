import type { writeSync } from 'node:fs'
import type { Database } from 'better-sqlite3'

export function copyPages(db: Database, target: string): Promise<{ readonly isCompared: boolean }>
export function copyBytes(source: string, target: string, write?: WriteBlock): Promise<void>

type WriteBlock = (file: number, block: Buffer, offset: number, length: number, position: number) => ReturnType<typeof writeSync>
