import { useTranslations } from 'next-intl'
import type { RepairKind } from '@/lib/core/repair-choice'

export interface RepairText {
  /** What is wrong with rows of this kind. */
  title(kind: RepairKind): string
  /** What becomes of each row. */
  choice(kind: RepairKind, choice: string): string
  /** `id = 7, tenant = a` */
  key(key: Readonly<Record<string, string>>): string
}

/** The words for repairs, in the reader's language. */
export function useRepairText(): RepairText {
  const t = useTranslations('migration.repairs')
  return {
    title: (kind) => t(`kinds.${kind}`),
    choice: (kind, choice) => {
      // "every row that then refers to nothing" is said only where rows go.
      const named = `${kind}-${choice}` as Parameters<typeof t>[0]
      const special = `effects.${named}` as Parameters<typeof t>[0]
      const common = `effects.${choice}` as Parameters<typeof t>[0]
      return t.has(special) ? t(special) : t(common)
    },
    key: (key) =>
      Object.entries(key)
        .map(([column, value]) => `${column} = ${value}`)
        .join(', '),
  }
}
