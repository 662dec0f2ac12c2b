import { spawnSync } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BackupSource } from './source'

export interface StandardRun {
  /** The programs, as a pipe. */
  readonly programs: string
  readonly wallMs: number
}

export interface StandardOptions {
  readonly source: BackupSource
  /** Does not exist yet. */
  readonly folder: string
  /** Public key; null: not encrypted. */
  readonly recipient: string | null
}

/** The same database and files by the programs that an operator would write into a script; those that are installed. */
export async function measureStandardPrograms({ source, folder, recipient }: StandardOptions): Promise<readonly StandardRun[]> {
  const runs: StandardRun[] = []
  for (const packer of ['gzip -3', 'zstd -3 -T1 -q']) {
    const needed = ['sqlite3', 'tar', packer.split(' ')[0] ?? '', ...(recipient === null ? [] : ['age'])]
    if (needed.some((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0)) continue
    await mkdir(folder, { recursive: true })
    const seal = recipient === null ? '' : ' | age --recipient "$RECIPIENT"'
    const script = `set -e
      sqlite3 "$DATABASE" ".backup '$OUT/app.db'"
      tar --create --directory "$OUT" app.db --directory "$FILES" cv_data | ${packer}${seal} > "$OUT/archive"
      sync "$OUT/archive"`
    const env = {
      ...process.env,
      DATABASE: source.databasePath,
      OUT: folder,
      FILES: dirname(source.filesFolder),
      RECIPIENT: recipient ?? '',
    }
    const started = performance.now()
    const { status, stderr } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8' })
    const wallMs = performance.now() - started
    await rm(join(folder), { recursive: true, force: true })
    if (status !== 0) throw new Error(`The standard programs failed: ${stderr}`)
    runs.push({ programs: `sqlite3 .backup | tar | ${packer}${recipient === null ? '' : ' | age'}`, wallMs })
  }
  return runs
}
