import { describe, expect, it } from 'vitest'
import { checkAddress, parseTargetUrl, schemaOf, targetLabel } from './target-url'

const parse = (text: string, allowPrivate = true) => parseTargetUrl(text, { allowPrivate })

describe('parseTargetUrl', () => {
  it('reads what Prisma and hosts write', () => {
    const target = parse(
      'postgres://us%40er:p%3Aw%25@db.example.com/app%20db?schema=Geschäft&sslmode=require&pgbouncer=true&connect_timeout=5',
    )
    expect(target).toMatchObject({
      user: 'us@er',
      password: 'p:w%',
      host: 'db.example.com',
      port: 5432,
      database: 'app db',
      schema: 'Geschäft',
      sslMode: 'require',
      connectTimeoutMs: 5000,
    })
    expect(targetLabel(target)).toBe('us@er@db.example.com:5432/app db?schema=Geschäft')
    expect(schemaOf('postgresql://u:p@h/d')).toBe('public')
  })

  it.each([
    'mysql://u:p@h/d',
    'file:./dev.db',
    'hello',
    'postgresql://h/d',
    'postgresql://u:p@h',
    'postgresql://u:p@h/d?sslmode=maybe',
    'postgresql://u:%zz@h/d',
    'postgresql://u:p@h/d?schema=pg_catalog',
    'postgresql://u:p@h/d?schema=bascule',
    'postgresql://u:p@h/d?frobnicate=1',
  ])('calls %s invalid', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'TARGET_URL_INVALID' }))
  })

  it.each([
    'sslrootcert=/etc/passwd',
    'sslkey=x',
    'passfile=/root/.pgpass',
    'service=x',
    'host=/var/run',
    'hostaddr=169.254.169.254',
    'options=-c%20x',
  ])('refuses the parameter %s', (parameter) => {
    expect(() => parse(`postgresql://u:p@h/d?${parameter}`)).toThrow(expect.objectContaining({ code: 'TARGET_URL_REFUSED' }))
  })

  it.each([
    '169.254.169.254',
    '[fe80::1]',
    '[::ffff:169.254.169.254]',
    '0.0.0.0',
    '[::]',
    'metadata.google.internal',
    '100.100.100.200',
    '224.0.0.1',
    '%2Fvar%2Frun%2Fpostgresql',
  ])('refuses the host %s', (host) => {
    expect(() => parse(`postgresql://u:p@${host}/d`)).toThrow(expect.objectContaining({ code: 'TARGET_URL_REFUSED' }))
  })

  it('lets private networks in only when allowed', () => {
    for (const host of ['127.0.0.1', '10.1.2.3', '192.168.0.1', '172.20.0.1', '100.64.0.1', '[::1]', '[fd12::1]', 'localhost']) {
      expect(() => parse(`postgresql://u:p@${host}/d`)).not.toThrow()
      expect(() => parse(`postgresql://u:p@${host}/d`, false), host).toThrow(expect.objectContaining({ code: 'TARGET_URL_REFUSED' }))
    }
    expect(() => checkAddress('8.8.8.8', false)).not.toThrow()
  })
})
