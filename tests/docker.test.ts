import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import packageJson from '@/package.json' with { type: 'json' }

// Without Docker at hand: everything in both files that can be held against the repository.
const root = join(import.meta.dirname, '..')
const read = (name: string) => readFile(join(root, name), 'utf8')

const serviceSchema = z.object({
  image: z.string(),
  build: z.object({ context: z.string(), args: z.record(z.string(), z.string()) }).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()),
  env_file: z.string().optional(),
  volumes: z.array(z.string()),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.literal('service_healthy') })).default({}),
  healthcheck: z.object({ test: z.array(z.string()).min(2) }),
  restart: z.string(),
})

let compose: { readonly services: Record<string, z.infer<typeof serviceSchema>>; readonly volumes: Record<string, unknown> }
let instructions: readonly (readonly [name: string, rest: string])[]
let variables: ReadonlySet<string>

beforeAll(async () => {
  const raw: unknown = parse(await read('docker-compose.yml'), { merge: true })
  compose = z.object({ services: z.record(z.string(), serviceSchema), volumes: z.record(z.string(), z.unknown()) }).parse(raw)
  const lines = (await read('Dockerfile')).replace(/^\s*#.*$/gm, '').replace(/\\\n/g, ' ')
  instructions = lines
    .split('\n')
    .map((line) => /^([A-Z]+)\s+(.*)$/.exec(line.trim()))
    .flatMap((match) => (match ? [[match[1] ?? '', (match[2] ?? '').trim()] as const] : []))
  const example = await read('.env.example')
  variables = new Set([...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].map((match) => match[1] ?? ''))
})

const all = (name: string) => instructions.filter(([instruction]) => instruction === name).map(([, rest]) => rest)

describe('the Dockerfile', () => {
  it('copies what exists, and nothing that .dockerignore takes out', async () => {
    const ignored = (await read('.dockerignore')).split('\n').filter((line) => line !== '' && !line.startsWith('!'))
    const sources = all('COPY')
      .filter((rest) => !rest.includes('--from='))
      .flatMap((rest) => rest.split(/\s+/).slice(0, -1))
    expect(sources).toContain('package-lock.json')
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).toBe(true)
      expect(ignored, source).not.toContain(source)
    }
    expect(ignored).toEqual(expect.arrayContaining(['.env', 'node_modules', 'data', 'prisma/cv_data', 'prisma/*.db*']))
  })

  it('builds with a Node that the packages allow, by scripts that exist', () => {
    for (const from of all('FROM')) {
      const major = Number(/^node:(\d+)/.exec(from)?.[1])
      expect(major).toBeGreaterThanOrEqual(22)
    }
    const runs = all('RUN').join('\n')
    expect(runs).toContain('node scripts/bootstrap.mjs')
    for (const [, script] of runs.matchAll(/npm run (\w+)/g)) expect(packageJson.scripts).toHaveProperty(script ?? '')
    // What the running app needs must survive `npm prune --omit=dev`.
    expect(packageJson.dependencies).toHaveProperty('tsx')
    expect(packageJson.dependencies).toHaveProperty('typescript')
  })

  it('runs as a plain user, with a start script that exists, and holds no secret', async () => {
    expect(all('USER')).toEqual(['node'])
    const command = z.array(z.string()).parse(JSON.parse(all('CMD')[0] ?? ''))
    expect(command).toContain('scripts/start.ts')
    const environment = all('ENV').join(' ')
    expect(environment).not.toMatch(/SECRET|PASSWORD|_KEY/)
    for (const [, name] of environment.matchAll(/(?:^|\s)([A-Z_]+)=/g)) {
      if (!['NODE_ENV', 'NEXT_TELEMETRY_DISABLED', 'PORT'].includes(name ?? '')) expect(variables, name).toContain(name)
    }
  })
})

describe('the compose file', () => {
  it('runs app, worker and PostgreSQL 16 or later, with pg_dump of the same major in the image', () => {
    expect(Object.keys(compose.services)).toEqual(['app', 'worker', 'postgres'])
    const server = Number(/^postgres:(\d+)/.exec(compose.services.postgres?.image ?? '')?.[1])
    expect(server).toBeGreaterThanOrEqual(16)
    expect(Number(compose.services.app?.build?.args.POSTGRES_MAJOR)).toBe(server)
    expect(all('ARG')).toContain(`POSTGRES_MAJOR=${server}`)
    expect(all('RUN').join()).toContain(`postgresql-client-\${POSTGRES_MAJOR}`)
  })

  it('starts scripts that exist, publishes the port that the app listens on, on this machine alone', () => {
    for (const name of ['app', 'worker'] as const) {
      const service = compose.services[name]
      const files = [...(service?.command ?? []), ...(service?.healthcheck.test ?? [])].filter((word) => word.startsWith('scripts/'))
      expect(files.length).toBe(2)
      for (const file of files) expect(existsSync(join(root, file)), file).toBe(true)
      expect(service?.image).toBe(compose.services.app?.image)
    }
    expect(compose.services.app?.command).toContain('--only=web')
    expect(compose.services.worker?.command).toContain('--only=worker')
    expect(compose.services.app?.ports).toEqual(['127.0.0.1:3000:3000'])
    expect(all('EXPOSE')).toEqual(['3000'])
    expect(all('ENV').join(' ')).toMatch(/\bPORT=3000\b/)
    expect(compose.services.postgres?.ports).toEqual([])
  })

  it('gives both processes the same files, each path inside the volume, and waits for what is healthy', () => {
    for (const name of ['app', 'worker'] as const) {
      const service = compose.services[name]
      expect(service?.volumes).toEqual(['storage:/app/storage'])
      expect(service?.env_file).toBe('.env')
      for (const [variable, value] of Object.entries(service?.environment ?? {})) {
        expect(variables, variable).toContain(variable)
        if (variable !== 'TARGET_DATABASE_URL') expect(value).toMatch(/^(file:)?\/app\/storage\//)
      }
    }
    expect(all('VOLUME')).toEqual(['["/app/storage"]'])
    expect(Object.keys(compose.services.app?.depends_on ?? {})).toEqual(['postgres'])
    expect(Object.keys(compose.services.worker?.depends_on ?? {})).toEqual(['app'])
    const named = Object.values(compose.services).flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0]))
    for (const volume of named) expect(Object.keys(compose.volumes)).toContain(volume)
  })

  it('takes the password from the environment and refuses to start without one', async () => {
    const text = await read('docker-compose.yml')
    expect(text.match(/\$\{POSTGRES_PASSWORD:\?/g)).toHaveLength(2)
    expect(text).not.toMatch(/POSTGRES_PASSWORD: (?!\$)/)
  })
})
