/** Where a PostgreSQL server may be had, in the order in which it is offered. */
export const platforms = ['debian', 'compose', 'neon', 'supabase', 'rds', 'scaleway', 'ovh'] as const
export type Platform = (typeof platforms)[number]

export interface InstructionNames {
  readonly role: string
  readonly database: string
  /** The host that the app will reach the server by. */
  readonly host: string
}

/** A step: `key` is that of its sentence in `targets.tell.steps`. */
export interface Instruction {
  readonly key: string
  readonly command: string | null
}

/** Steps to a target, filled with the administrator's own names. The password is the reader's to put in. */
export function instructionsFor(platform: Platform, { role, database, host }: InstructionNames): readonly Instruction[] {
  const [who, what] = [quote(role), quote(database)]
  const make = [
    `CREATE ROLE ${who} WITH LOGIN PASSWORD 'PASSWORD';`,
    `CREATE DATABASE ${what} OWNER ${who} ENCODING 'UTF8' TEMPLATE template0;`,
    `GRANT ALL PRIVILEGES ON DATABASE ${what} TO ${who};`,
    `\\connect ${what}`,
    `GRANT CREATE, USAGE ON SCHEMA public TO ${who};`,
  ].join('\n')
  const managedMake = make.replace('CREATE DATABASE', `GRANT ${who} TO CURRENT_USER;\nCREATE DATABASE`)
  const address = (tls: string, at = host, port = 5432) =>
    `postgresql://${encodeURIComponent(role)}:PASSWORD@${at}:${port}/${encodeURIComponent(database)}${tls}`
  const step = (key: string, command: string | null = null): Instruction => ({ key, command })
  const password = step('password', 'openssl rand -hex 24')
  switch (platform) {
    case 'debian':
      return [
        step('debianInstall', 'sudo apt update\nsudo apt install postgresql postgresql-client\nsudo systemctl status postgresql'),
        password,
        step('make', `sudo -u postgres psql <<'SQL'\n${make}\nSQL`),
        step('debianRemote', debianRemote(role, database)),
        step('address', address('')),
      ]
    case 'compose':
      return [
        password,
        step('composeFile', composeFile(role, database)),
        step('composeStart', 'docker compose up -d postgres\ndocker compose exec postgres pg_isready'),
        step('address', address('')),
      ]
    case 'neon':
      return [
        step('neonProject'),
        step('neonDatabase', managedMake),
        step('neonDirect'),
        step('address', address('?sslmode=require', 'ep-NAME.REGION.aws.neon.tech')),
      ]
    case 'supabase':
      return [
        step('supabaseProject'),
        step('supabaseMake', managedMake),
        step('supabaseDirect'),
        step('address', address('?sslmode=require', 'db.PROJECT.supabase.co')),
      ]
    case 'rds':
      return [
        step('rdsCreate'),
        step('rdsGroup'),
        password,
        step('rdsMake', `psql "host=${host} port=5432 dbname=postgres user=ADMIN sslmode=require" <<'SQL'\n${managedMake}\nSQL`),
        step('rdsCa'),
        step('address', address('?sslmode=verify-full')),
      ]
    case 'scaleway':
      return [
        step('scalewayCreate'),
        step('scalewayDatabase'),
        step('scalewayAllow'),
        step('grantSchema', `GRANT CREATE, USAGE ON SCHEMA public TO ${who};`),
        step('address', address('?sslmode=require')),
      ]
    case 'ovh':
      return [
        step('ovhCreate'),
        step('ovhUsers'),
        step('ovhAllow'),
        step('grantSchema', `GRANT CREATE, USAGE ON SCHEMA public TO ${who};`),
        step('address', address('?sslmode=require')),
      ]
  }
}

function debianRemote(role: string, database: string): string {
  const word = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name}"`)
  return [
    `# postgresql.conf`,
    `listen_addresses = '*'`,
    `# pg_hba.conf: the app's own address instead of 203.0.113.10/32`,
    `hostssl ${word(database)} ${word(role)} 203.0.113.10/32 scram-sha-256`,
  ].join('\n')
}

function composeFile(role: string, database: string): string {
  return `services:
  postgres:
    image: postgres:17
    environment:
      POSTGRES_USER: ${JSON.stringify(role)}
      POSTGRES_PASSWORD: "PASSWORD"
      POSTGRES_DB: ${JSON.stringify(database)}
    volumes:
      - postgres_data:/var/lib/postgresql/data
    ports:
      - "127.0.0.1:5432:5432"
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U \\"$$POSTGRES_USER\\" -d \\"$$POSTGRES_DB\\""]
      interval: 5s
      retries: 10
volumes:
  postgres_data:`
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
