import type { RepairChoice } from '@/lib/core/repair-choice'
import type { SchemaModel } from './schema-plan'

export interface MigrateOptions {
  /** Marks everything that this run makes on the target; a run of the same job that was cut short is gone on with. */
  readonly jobId: string
  /** Absolute path of the SQLite file. */
  readonly sourcePath: string
  readonly targetUrl: string
  readonly model: SchemaModel
  /** Folder for the safety copy, on a disk with room for the whole source. Made when absent. */
  readonly workDir: string
  /** Whether the source refuses writes from the safety copy on, and after success goes on refusing them. */
  readonly fenceSource: boolean
  /**
   * Whether the source goes on being written, and the copy follows it by a change log in the file (decision 0019); after
   * success it goes on following with `followSource`. Not together with `fenceSource`, and not with repairs. Default: false.
   */
  readonly live?: boolean
  /** Whether a copy that the app was switched back from may be moved aside. */
  readonly setAside: boolean
  /** Checks and plans, and writes nothing on the target. */
  readonly dryRun: boolean
  /** Repairs that the administrator chose. Default: none, and nothing is altered. */
  readonly choices?: readonly RepairChoice[]
  /** Where the list of repaired rows is written. Default: the work folder. */
  readonly repairListFolder?: string
  /** Tables copied at once. Default: 2, as many as this kind of machine has cores to share with the server. */
  readonly lanes?: number
  /** Rows of one chunk, about. Default: 250,000. */
  readonly chunkRows?: number
  /** How long PostgreSQL may be away, or come and go without anything being done in between. Default: 120,000. */
  readonly reconnectMs?: number
}
