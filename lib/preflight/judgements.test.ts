import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { compareHistory } from '@/lib/schema/history-state'
import { testSecrets } from '@/tests/support/own-app'
import { createTemporaryFolder } from '@/tests/support/sqlite-databases'
import { decideVerdict, judged, put, unasked } from './ask'
import { estimateSteps } from './estimate'
import { askDisks, judgeMode, judgeModes, readOddModes } from './file-checks'
import { fingerprintOf, looksRandom, parseFingerprints } from './key-fingerprints'
import { keyNames } from './preflight-result'
import { askEnvironments, askUnchanged, fingerprintsOf, judgeCvKey, judgeSessionSecret } from './secret-checks'
import { judgeClock, judgeNode, judgePgDump, judgeState } from './server-checks'
import { judgeHistory, judgeWal } from './source-checks'
import { judgeConnections, judgeExtensions, judgeTimeZone } from './target-checks'

const never = new AbortController().signal

it('decides the verdict by the worst that was found, and never takes unknown for passed', () => {
  const passed = judged('source-file', 'read')
  const warning = judged('source-wal', 'pending')
  const asked = unasked('server-clock', new Error('no'))
  const essential = unasked('values-held', new Error('no'))
  expect(decideVerdict([passed])).toBe('ready')
  expect(decideVerdict([passed, warning])).toBe('ready-with-warnings')
  expect(decideVerdict([passed, asked])).toBe('ready-with-warnings')
  expect(decideVerdict([passed, warning, essential])).toBe('unknown')
  expect(decideVerdict([essential, judged('source-integrity', 'damaged')])).toBe('not-ready')
})

it('lets a question that takes too long, throws or forgets a check fail alone', async () => {
  const codes = ['server-clock', 'server-node'] as const
  const slow = await put({ codes, timeoutMs: 20, ask: () => new Promise(() => undefined) }, never)
  expect(slow.map(({ status, error }) => [status, error?.message])).toEqual(
    Array(2).fill(['unknown', expect.stringContaining('No answer within')]),
  )
  const broken = await put({ codes, timeoutMs: 1_000, ask: () => Promise.reject(new Error('EACCES')) }, never)
  expect(broken.map(({ error }) => error?.message)).toEqual(['EACCES', 'EACCES'])
  const half = await put({ codes, timeoutMs: 1_000, ask: async () => [judgeNode('22.0.0')] }, never)
  expect(half.map(({ code, status }) => [code, status])).toEqual([
    ['server-node', 'passed'],
    ['server-clock', 'unknown'],
  ])
})

it('judges modes by the worst that others may do', () => {
  const mode = (bits: number, uid = 1000) => judgeMode({ path: 'f', mode: 0o100000 | bits, uid }, 1000)
  expect([0o600, 0o400, 0o640, 0o660, 0o604, 0o602].map((bits) => mode(bits))).toEqual([
    'private',
    'private',
    'readable',
    'readable',
    'readable',
    'writable',
  ])
  expect(mode(0o600, 33)).toBe('other-owner')
  expect(judgeMode({ path: 'f', mode: 0o666, uid: 0 }, null)).toBe('private')
  const files = [0o600, 0o644, 0o646].map((bits, index) => ({ path: `f${index}`, mode: bits, uid: 1000 }))
  expect(judgeModes('files-cv-mode', files, 1000, 'd', 'chmod')).toMatchObject({
    outcome: 'writable',
    status: 'failed',
    count: 1,
    examples: ['646 f2'],
  })
})

it('looks at every file below a folder, names only what is odd, and is content with a folder that is not there yet', async () => {
  await using folder = await createTemporaryFolder('modes')
  await mkdir(join(folder.path, 'a', 'b'), { recursive: true, mode: 0o700 })
  await writeFile(join(folder.path, 'a', 'b', 'open'), '', { mode: 0o600 })
  await writeFile(join(folder.path, 'a', 'closed'), '', { mode: 0o600 })
  await chmod(join(folder.path, 'a', 'b', 'open'), 0o604)
  const uid = process.getuid?.() ?? null
  const { odd, files } = await readOddModes(folder.path, uid, never)
  expect(files).toBe(2)
  expect(odd.map(({ path }) => path)).toEqual(uid === null ? [] : [join(folder.path, 'a', 'b', 'open')])
  expect(await readOddModes(join(folder.path, 'nowhere'), uid, never)).toEqual({ odd: [], files: 0 })
})

it('compares the room on the disk with what each step needs', async () => {
  const needs = { workDir: '/data', databaseBytes: 1e9, filesBytes: 5e8 }
  const withFree = async (freeBytes: number) => {
    const checks = await askDisks({ ...needs, readSpace: async (folder) => ({ freeBytes, device: 1, folder }) })
    return checks.map(({ status }) => status)
  }
  expect(await withFree(9e8)).toEqual(['failed', 'warning'])
  expect(await withFree(1.5e9)).toEqual(['passed', 'warning'])
  expect(await withFree(3e9)).toEqual(['passed', 'passed'])
})

it('takes the narrowest limit of connections, and says which to raise', () => {
  const facts = { freeConnections: 50, maxConnections: 100, roleLimit: -1, databaseLimit: -1, databaseName: 'app' }
  expect(judgeConnections(facts, 't').outcome).toBe('enough')
  expect(judgeConnections({ ...facts, freeConnections: 8 }, 't')).toMatchObject({
    outcome: 'few',
    remedy: expect.stringContaining('max_connections'),
  })
  expect(judgeConnections({ ...facts, freeConnections: 1, roleLimit: 2 }, 't')).toMatchObject({
    outcome: 'none',
    remedy: expect.stringContaining('ALTER ROLE'),
  })
  expect(judgeConnections({ ...facts, freeConnections: 1, databaseLimit: 2 }, 't').remedy).toContain('ALTER DATABASE "app"')
})

it('knows UTC by its names, extensions by their absence, and clocks no better than the round trip', () => {
  expect(['UTC', 'Etc/UTC', 'GMT', 'Europe/Paris'].map((timeZone) => judgeTimeZone({ timeZone, databaseName: 'a' }, 't').outcome)).toEqual([
    'utc',
    'utc',
    'utc',
    'other',
  ])
  expect(judgeExtensions([], 't').outcome).toBe('none-needed')
  expect(judgeExtensions([{ name: 'citext', installed: false, available: false }], 't')).toMatchObject({
    outcome: 'missing',
    examples: ['citext'],
  })
  expect(judgeClock({ clockOffsetMs: -5_000, clockUncertaintyMs: 2 })).toMatchObject({
    outcome: 'apart',
    params: { direction: 'behind', differenceMs: 5_000 },
  })
  expect(judgeClock({ clockOffsetMs: 5_000, clockUncertaintyMs: 4_000 }).outcome).toBe('together')
})

it('judges pg_dump by its major, Node by its minor, and the app by what is under way', () => {
  const server = { versionNumber: 180_004, version: '18.4' }
  const dump = (version: string) => ({ path: '/usr/bin/pg_dump', version, major: Number.parseInt(version, 10) })
  expect([null, dump('17.9'), dump('18.0'), dump('19.1')].map((found) => judgePgDump(found, server).outcome)).toEqual([
    'missing',
    'too-old',
    'found',
    'found',
  ])
  expect(['18.20.0', '20.18.1', '20.19.0', '22.0.0'].map((version) => judgeNode(version).outcome)).toEqual([
    'too-old',
    'too-old',
    'supported',
    'supported',
  ])
  expect(judgeState({ status: 'on-sqlite', busy: 'migrate' }).status).toBe('failed')
  expect(judgeWal({ sizeBytes: 9_000, pendingFrames: 2 }, 4096, "/a b/it's.db").remedy).toBe(
    `sqlite3 '/a b/it'\\''s.db' "PRAGMA wal_checkpoint(TRUNCATE)"`,
  )
})

it('tells every way in which a history can be out of step', () => {
  const folder = new Map([
    ['1_first', 'a'],
    ['2_second', 'b'],
  ])
  const row = (name: string, checksum: string, finished = true, rolledBack = false) => ({ name, checksum, finished, rolledBack })
  const outcome = (...rows: Parameters<typeof compareHistory>[0]) => judgeHistory(compareHistory(rows, folder), 'db').outcome
  expect(outcome(row('1_first', 'a'), row('2_second', 'b'))).toBe('in-step')
  expect(outcome(row('1_first', 'a'))).toBe('pending')
  expect(outcome(row('1_first', 'a'), row('2_second', 'other'))).toBe('edited')
  expect(outcome(row('1_first', 'a'), row('2_second', 'b'), row('3_third', 'c'))).toBe('ahead')
  expect(outcome(row('1_first', 'a'), row('2_second', 'b', false))).toBe('failed')
  expect(outcome(row('1_first', 'a'), row('2_second', 'b', false, true), row('2_second', 'b'))).toBe('in-step')
  expect(judgeHistory(null, 'db').outcome).toBe('none')
})

it('tells keys of chance from typed ones', () => {
  for (let round = 0; round < 200; round += 1) expect(looksRandom(randomBytes(32))).toBe(true)
  const counting = Buffer.from(Array.from({ length: 32 }, (_, index) => index))
  for (const bytes of [
    Buffer.alloc(32),
    counting,
    Buffer.from('0123456789abcdef0123456789abcdef'),
    Buffer.from('aaaabbbbccccddddaaaabbbbccccdddd'),
  ])
    expect(looksRandom(bytes)).toBe(false)
  const hex = createHash('sha256').update('x').digest('hex')
  expect([undefined, '', 'short', hex, '0'.repeat(64)].map((text) => judgeCvKey(text).outcome)).toEqual([
    'missing',
    'missing',
    'invalid',
    'strong',
    'weak',
  ])
  expect(
    [undefined, 'short', 'your-secret-goes-here-change-me-please', testSecrets.NEXTAUTH_SECRET].map(
      (text) => judgeSessionSecret(text).outcome,
    ),
  ).toEqual(['missing', 'short', 'weak', 'strong'])
})

it('gives one key one fingerprint however it is written, and says nothing of the key', () => {
  const key = createHash('sha256').update('x').digest()
  const [hex] = fingerprintsOf({ CV_ENCRYPTION_KEY: key.toString('hex'), NEXTAUTH_SECRET: undefined })
  const [base64] = fingerprintsOf({ CV_ENCRYPTION_KEY: key.toString('base64'), NEXTAUTH_SECRET: undefined })
  expect(hex).toEqual(base64)
  expect(hex?.fingerprint).toMatch(/^[0-9a-f]{4}(-[0-9a-f]{4}){3}$/)
  expect(fingerprintOf('NEXTAUTH_SECRET', key)).not.toBe(hex?.fingerprint)
  expect(key.toString('hex')).not.toContain(hex?.fingerprint.replaceAll('-', ''))
})

it('compares with what another environment printed', async () => {
  const fingerprints = fingerprintsOf(testSecrets)
  const facts = (printed: string | null) => ({
    secrets: testSecrets,
    fingerprints,
    records: async () => [],
    compared: async () =>
      printed === null ? null : { at: '2026-01-01T00:00:00.000Z', fingerprints: parseFingerprints(printed, keyNames) },
  })
  const printed = fingerprints.map(({ name, fingerprint }) => `${name.padEnd(18)} ${fingerprint}`).join('\n')
  expect(await askEnvironments(facts(printed))).toMatchObject({ status: 'passed', count: 2 })
  expect(await askEnvironments(facts(printed.toUpperCase().replaceAll('-', ' ')))).toMatchObject({ status: 'passed', count: 2 })
  expect(await askEnvironments(facts('CV_ENCRYPTION_KEY 0000-0000-0000-0000'))).toMatchObject({ status: 'failed', count: 1 })
  expect((await askEnvironments(facts('nothing here'))).status).toBe('unknown')
  expect((await askEnvironments(facts(null))).status).toBe('unknown')
})

it('knows a changed key by its record', async () => {
  const fingerprints = fingerprintsOf(testSecrets)
  const ask = (records: readonly { name: (typeof keyNames)[number]; accepted: string }[]) =>
    askUnchanged({ secrets: testSecrets, fingerprints, records: async () => records, compared: async () => null })
  expect((await ask([])).outcome).toBe('first')
  expect((await ask(fingerprints.map(({ name, fingerprint }) => ({ name, accepted: fingerprint })))).outcome).toBe('same')
  expect(await ask([{ name: 'CV_ENCRYPTION_KEY', accepted: '0000-0000-0000-0000' }])).toMatchObject({ outcome: 'changed', count: 1 })
})

it('estimates from an earlier migration of about this size, and says when it has none', () => {
  const tables = [
    { table: 'a', rows: 10, bytes: 3_000 },
    { table: 'b', rows: null, bytes: null },
  ]
  const measured = { jobId: 'j', at: '2026-01-01T00:00:00.000Z', sourceBytes: 1_000_000, phases: { copy: 1_000, checks: 500 } }
  const like = estimateSteps(tables, 2_000_000, measured)
  expect(like.from).toMatchObject({ kind: 'measured', jobId: 'j' })
  expect(like.steps.find(({ phase }) => phase === 'copy')?.estimatedMs).toBe(2_000)
  expect(tables.map(like.copyMsOf)).toEqual([2_000, null])
  expect(estimateSteps(tables, 50_000_000, measured).from.kind).toBe('default')
  expect(estimateSteps([], 0, null).from.kind).toBe('default')
})
