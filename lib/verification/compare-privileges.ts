import type pg from 'pg'
import { z } from 'zod'
import { createFinding, type Finding } from '@/lib/core/finding'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'

const lackSchema = z.object({
  kind: z.enum(['table', 'sequence']),
  name: z.string(),
  /** What the role may not do with it. */
  lacking: z.array(z.string()),
  /** Whether it may not write to it at all. */
  writesNothing: z.boolean(),
})

export interface PrivilegeCheck {
  readonly findings: readonly Finding[]
  readonly checked: number
}

// For a table each of the four; UPDATE or INSERT on some columns alone is not enough for an app that writes rows.
const lackingSql = `
SELECT 'table' AS kind, c.relname::text AS name,
       ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p WHERE NOT has_table_privilege(c.oid, p)) AS lacking,
       NOT has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE') AS "writesNothing"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relname = ANY ($2::text[])
UNION ALL
SELECT 'sequence', s.relname::text, CASE WHEN has_sequence_privilege(s.oid, 'USAGE') THEN '{}' ELSE ARRAY['USAGE'] END,
       NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE')
  FROM pg_class s JOIN pg_namespace n ON n.oid = s.relnamespace
  JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a'
  JOIN pg_class t ON t.oid = d.refobjid
 WHERE n.nspname = $1 AND s.relkind = 'S' AND t.relname = ANY ($2::text[])
ORDER BY 1 DESC, 2`

/**
 * Whether the role that the target's URL names, which is the one that the app will have, may read and write every table and
 * take values of its sequences. A role that may write to nothing at all was made for looking: then what the app's role may
 * do is unknown, and no fault.
 */
export async function comparePrivileges(client: pg.Client, schema: string, tables: readonly string[]): Promise<PrivilegeCheck> {
  const all = z.array(lackSchema).parse((await client.query(lackingSql, [schema, tables])).rows)
  const { rows } = await client.query('SELECT current_user::text AS role')
  const { role } = z.tuple([z.object({ role: z.string() })]).parse(rows)[0]
  const onTables = all.filter(({ kind }) => kind === 'table')
  if (onTables.length > 0 && onTables.every(({ writesNothing }) => writesNothing))
    return { findings: [onlyReads(role)], checked: all.length }
  const lacks = all.filter(({ lacking }) => lacking.length > 0)
  return { findings: lacks.map((lack) => missing(lack, role, schema)), checked: all.length }
}

function onlyReads(role: string): Finding {
  return createFinding({
    code: 'PRIVILEGES_UNKNOWN',
    severity: 'note',
    params: { role },
    message: `The role ${role} may write to none of the tables: what the app’s own role may do was not asked.`,
    hint: 'Verify with the role that the app uses, to know.',
  })
}

function missing({ kind, name, lacking }: z.infer<typeof lackSchema>, role: string, schema: string): Finding {
  const privileges = lacking.join(', ')
  const sql = `GRANT ${privileges} ON ${kind === 'sequence' ? 'SEQUENCE ' : ''}${qualifiedName(schema, name)} TO ${quoteName(role)};`
  return createFinding({
    code: 'PRIVILEGE_MISSING',
    severity: 'blocks',
    table: kind === 'table' ? name : null,
    shape: `${kind} ${name}`,
    params: { kind, role, privileges, sql },
    message: `The role ${role} lacks ${privileges} on this ${kind}: the app would be refused.`,
    hint: `Run as the owner: ${sql}`,
  })
}
