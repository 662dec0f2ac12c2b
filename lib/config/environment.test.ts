import { describe, expect, it } from 'vitest'
import { AppError } from '@/lib/core/errors'
import { filePath, parseEnvironment } from './environment'

const root = '/srv/cvsite'
const key = Buffer.from('0123456789abcdef0123456789abcdef')
const complete = {
  DATABASE_URL: 'file:./dev.db',
  CV_ENCRYPTION_KEY: key.toString('base64'),
  NEXTAUTH_SECRET: 'a sentence of at least thirty-two characters',
  NEXT_PUBLIC_SITE_URL: 'http://localhost:3000',
}

function refusalOf(changes: Record<string, string | undefined>): AppError {
  try {
    parseEnvironment({ ...complete, ...changes }, root)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('the environment was accepted')
}

describe('a complete environment', () => {
  it('has defaults for all that is optional', () => {
    expect(parseEnvironment(complete, root)).toEqual({
      database: { engine: 'sqlite', path: '/srv/cvsite/prisma/dev.db' },
      targetUrl: null,
      controlPath: '/srv/cvsite/data/control.db',
      cvEncryptionKey: key,
      nextAuthSecret: complete.NEXTAUTH_SECRET,
      siteUrl: 'http://localhost:3000',
      cvDataDir: '/srv/cvsite/prisma/cv_data',
      dataDir: '/srv/cvsite/data',
      oauth: { github: null, google: null },
      allowPrivateTargets: true,
      logLevel: 'info',
    })
  })

  it('takes an empty optional variable for an absent one, as .env files have them', () => {
    const empty = {
      TARGET_DATABASE_URL: '',
      CONTROL_DATABASE_URL: '',
      CV_DATA_DIR: ' ',
      GITHUB_ID: '',
      LOG_LEVEL: '',
      ALLOW_PRIVATE_TARGETS: '',
    }
    expect(parseEnvironment({ ...complete, ...empty }, root)).toEqual(parseEnvironment(complete, root))
  })

  it('reads every optional variable', () => {
    const environment = parseEnvironment(
      {
        ...complete,
        TARGET_DATABASE_URL: 'postgresql://cv@db/cvsite',
        CONTROL_DATABASE_URL: 'file:state/control.db',
        CV_DATA_DIR: '/var/cv',
        DATA_DIR: 'copies',
        GITHUB_ID: 'id',
        GITHUB_SECRET: 'secret',
        GOOGLE_ID: 'only half of the pair',
        ALLOW_PRIVATE_TARGETS: 'false',
        LOG_LEVEL: 'debug',
        NEXT_PUBLIC_SITE_URL: 'https://cv.example/',
      },
      root,
    )
    expect(environment).toMatchObject({
      targetUrl: 'postgresql://cv@db/cvsite',
      controlPath: '/srv/cvsite/state/control.db',
      cvDataDir: '/var/cv',
      dataDir: '/srv/cvsite/copies',
      oauth: { github: { id: 'id', secret: 'secret' }, google: null },
      allowPrivateTargets: false,
      logLevel: 'debug',
      siteUrl: 'https://cv.example',
    })
  })
})

describe('the database', () => {
  it.each([
    ['file:./dev.db', '/srv/cvsite/prisma/dev.db'],
    ['file:dev.db', '/srv/cvsite/prisma/dev.db'],
    ['file:../data/app.db?connection_limit=1', '/srv/cvsite/data/app.db'],
    ['file:/var/lib/app.db', '/var/lib/app.db'],
    ['file:///var/lib/app.db', '/var/lib/app.db'],
  ])('%s is %s', (url, path) => {
    expect(parseEnvironment({ ...complete, DATABASE_URL: url }, root).database).toEqual({ engine: 'sqlite', path })
  })

  it('may be PostgreSQL', () => {
    const url = 'postgres://cv:secret@db/cvsite'
    expect(parseEnvironment({ ...complete, DATABASE_URL: url }, root).database).toEqual({ engine: 'postgresql', url })
  })

  it('keeps a relative path below the folder that it is relative to', () => {
    expect(filePath('file:./data/control.db', '/srv')).toBe('/srv/data/control.db')
  })
})

describe('the encryption key of 32 bytes', () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7))
  it.each([
    ['hex digits', bytes.toString('hex'), bytes],
    ['upper-case hex digits', bytes.toString('hex').toUpperCase(), bytes],
    ['base64', bytes.toString('base64'), bytes],
    ['base64 without padding', bytes.toString('base64').replace(/=+$/, ''), bytes],
    ['32 plain characters', 'plain text of thirty-two letters', Buffer.from('plain text of thirty-two letters')],
  ])('may be written as %s', (_form, text, expected) => {
    expect(parseEnvironment({ ...complete, CV_ENCRYPTION_KEY: text }, root).cvEncryptionKey).toEqual(expected)
  })

  it.each([
    ['16 bytes in hex', bytes.subarray(0, 16).toString('hex').slice(0, 30)],
    ['31 bytes in base64', bytes.subarray(0, 31).toString('base64')],
    ['33 plain characters', 'plain text of thirty-three letter'],
    ['nothing', ''],
  ])('is refused as %s', (_form, text) => {
    expect(refusalOf({ CV_ENCRYPTION_KEY: text }).message).toContain('CV_ENCRYPTION_KEY: must be 32 bytes')
  })
})

describe('a missing or wrong variable', () => {
  it.each([
    ['DATABASE_URL', undefined, 'file:./dev.db'],
    ['DATABASE_URL', 'mysql://wrong-value', 'must start with file: or postgresql://'],
    ['TARGET_DATABASE_URL', 'wrong-value', 'must start with postgresql://'],
    ['CONTROL_DATABASE_URL', 'wrong-value', 'must be a file: URL'],
    ['CV_ENCRYPTION_KEY', undefined, 'openssl rand -base64 32'],
    ['CV_ENCRYPTION_KEY', 'wrong-value', 'openssl rand -base64 32'],
    ['NEXTAUTH_SECRET', undefined, 'openssl rand -base64 32'],
    ['NEXTAUTH_SECRET', 'wrong-value', 'at least 32 characters'],
    ['NEXT_PUBLIC_SITE_URL', undefined, 'http://localhost:3000'],
    ['NEXT_PUBLIC_SITE_URL', 'wrong-value', 'http://localhost:3000'],
    ['ALLOW_PRIVATE_TARGETS', 'wrong-value', 'must be true or false'],
    ['LOG_LEVEL', 'wrong-value', 'must be fatal'],
  ])('%s=%s is named with its remedy, without its value', (name, value, remedy) => {
    const error = refusalOf({ [name]: value })
    expect(error.code).toBe('CONFIG_INVALID')
    expect(error.message).toContain(`${name}: `)
    expect(error.message).toContain(remedy)
    expect(error.message).not.toContain('wrong-value')
    expect(error.hint).toContain('.env.example')
  })

  it('does not hide another one', () => {
    const { message } = refusalOf({ DATABASE_URL: undefined, CV_ENCRYPTION_KEY: undefined, NEXTAUTH_SECRET: 'short' })
    expect(message.match(/^ {2}(DATABASE_URL|CV_ENCRYPTION_KEY|NEXTAUTH_SECRET): /gm)).toHaveLength(3)
  })
})
