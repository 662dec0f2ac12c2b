import type { SqliteTable } from '@/lib/core/catalogue'
import type { Finding } from '@/lib/core/finding'
import type { RepairChoice } from '@/lib/core/repair-choice'
import type { TableMapping } from '@/lib/core/table-mapping'

/** Everything that the repairs of one copy depend on: the same request on the same file gives the same result. */
export interface RepairRequest {
  readonly choices: readonly RepairChoice[]
  /** Of the source. */
  readonly tables: readonly SqliteTable[]
  readonly mappings: readonly TableMapping[]
  /** What the checks of the source found and choices were made for. */
  readonly findings: readonly Pick<Finding, 'code' | 'kind' | 'table' | 'column'>[]
}
