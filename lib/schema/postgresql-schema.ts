/**
 * Derives the PostgreSQL schema from the hand-written SQLite one: another provider, another output folder,
 * a header that says so. Scalar types need no native attribute: Prisma's defaults for PostgreSQL
 * (text, integer, bigint, double precision, decimal(65,30), jsonb, bytea, timestamp(3)) hold what it reads on SQLite.
 */
export function derivePostgresqlSchema(sqliteSchema: string): string {
  const withoutHeader = sqliteSchema.replace(/^(\/\/.*\n)+\n/, '')
  const derived = withoutHeader
    .replace(/provider(\s*)= "sqlite"/, 'provider$1= "postgresql"')
    .replace('../lib/database/generated/sqlite', '../../lib/database/generated/postgresql')
  return `// Derived from prisma/schema.prisma by \`npm run schema:derive\`. Do not edit.\n\n${derived}`
}
