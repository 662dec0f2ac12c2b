import { createFinding, type Finding } from '@/lib/core/finding'
import { quoteName } from '@/lib/core/quoted-name'
import type { StructureItem } from '@/lib/postgres/structure-record'

/**
 * What stands on the target's tables that no copy makes and that changes what is stored or seen: for a target whose
 * structure is not on record. Pure.
 */
export function findDoubtful(items: readonly StructureItem[]): readonly Finding[] {
  return items.flatMap((item): readonly Finding[] => {
    const place = { table: item.table, shape: `${item.kind} ${item.name}`.trim() }
    if (item.kind === 'table') return [...unlogged(item), ...rowSecurity(item)]
    if (item.kind === 'rule') {
      const sql = `DROP RULE ${quoteName(item.name)} ON ${quoteName(item.table)};`
      return [
        createFinding({
          ...place,
          code: 'RULE_ON_TABLE',
          severity: 'blocks',
          params: { sql },
          message: 'A rule rewrites what is done to this table: rows may go elsewhere, or nowhere.',
          hint: `Run: ${sql} if nobody needs it.`,
        }),
      ]
    }
    if (item.kind === 'trigger') {
      return [
        createFinding({
          ...place,
          code: 'TRIGGER_ON_TABLE',
          severity: 'note',
          message: 'A trigger on this table may change what the app writes.',
          hint: 'Look whether it is the app’s own; otherwise drop it.',
        }),
      ]
    }
    return []
  })
}

function unlogged(item: StructureItem): readonly Finding[] {
  if (!/\bunlogged\b/.test(item.definition)) return []
  const sql = `ALTER TABLE ${quoteName(item.table)} SET LOGGED;`
  return [
    createFinding({
      code: 'TABLE_UNLOGGED',
      severity: 'blocks',
      table: item.table,
      params: { sql },
      message: 'This table is unlogged: PostgreSQL empties it when the server crashes.',
      hint: `Run: ${sql}`,
    }),
  ]
}

function rowSecurity(item: StructureItem): readonly Finding[] {
  if (!/row level security/.test(item.definition)) return []
  const sql = `ALTER TABLE ${quoteName(item.table)} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;`
  return [
    createFinding({
      code: 'ROW_SECURITY_ON',
      severity: 'blocks',
      table: item.table,
      params: { sql },
      message: 'Row level security is switched on: roles other than the owner see only some of the rows, or none.',
      hint: `Run: ${sql} if nobody needs it.`,
    }),
  ]
}
