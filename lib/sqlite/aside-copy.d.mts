import type { Database } from 'better-sqlite3'

export function copyPages(db: Database, target: string): Promise<{ readonly isCompared: boolean }>
export function firstDifference(source: string, copy: string): number | null
