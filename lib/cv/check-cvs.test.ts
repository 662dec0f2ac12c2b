import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CvRow, checkCvFiles } from './check-cvs'
import { createCvStore, storagePathOf } from './cv-store'

const key = randomBytes(32)
let folder = ''
let rows: CvRow[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cvs-'))
  rows = []
  const store = createCvStore({ folder, key })
  // Nothing, a byte, more than a buffer of the reader, and a few ordinary ones.
  for (const [index, size] of [0, 1, 700_000, 2_000, 3_000].entries()) {
    const content = randomBytes(size)
    const storagePath = storagePathOf(`${'zyxab'[index]}${index}${'q'.repeat(22)}`)
    await store.write(storagePath, content)
    rows.push({ storagePath, sizeBytes: size, sha256: createHash('sha256').update(content).digest() })
  }
  rows.sort((a, b) => (a.storagePath < b.storagePath ? -1 : 1))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const check = (options: Partial<Parameters<typeof checkCvFiles>[0]> = {}) =>
  checkCvFiles({ folder, key, rows, signal: new AbortController().signal, ...options })

const pathOf = (index: number) => rows[index]?.storagePath ?? ''

test('sound files are sound, and every byte of them was read', async () => {
  const done: number[] = []
  const result = await check({ onProgress: ({ rows: count }) => done.push(count) })
  expect(result).toMatchObject({ rows: 5, files: 5, sound: 5, faults: {} })
  expect(result.bytes).toBe(5_001 + 700_000 + 5 * 44)
  expect(done).toEqual([1, 2, 3, 4, 5])
})

test('one changed byte is found wherever it is', async () => {
  const path = join(folder, pathOf(2))
  const sound = await readFile(path)
  for (const offset of [0, 4, 9, 20, 28, sound.length - 1]) {
    const damaged = Buffer.from(sound)
    damaged.writeUInt8(damaged.readUInt8(offset) ^ 1, offset)
    await writeFile(path, damaged)
    const { sound: count, faults } = await check()
    expect(count).toBe(4)
    expect(Object.values(faults).flatMap(({ names }) => names)).toEqual([pathOf(2)])
  }
})

test('missing, extra, cut short and exchanged files are told apart', async () => {
  await rm(join(folder, pathOf(0)))
  await truncate(join(folder, pathOf(1)), 10)
  await rename(join(folder, pathOf(2)), join(folder, pathOf(3)))
  const extra = storagePathOf(`mm${'m'.repeat(22)}`)
  await mkdir(dirname(join(folder, extra)), { recursive: true })
  await writeFile(join(folder, extra), 'x')
  await writeFile(join(folder, 'a.note'), 'x')
  const { faults, rows: count, files } = await check()
  expect({ count, files }).toEqual({ count: 5, files: 5 })
  expect(faults).toEqual({
    missing: { count: 2, names: [pathOf(0), pathOf(2)] },
    'not-a-cv': { count: 1, names: [pathOf(1)] },
    damaged: { count: 1, names: [pathOf(3)] },
    extra: { count: 2, names: ['a.note', extra] },
  })
})

test('another key opens nothing and is called that', async () => {
  const { sound, faults } = await check({ key: randomBytes(32) })
  expect(sound).toBe(0)
  expect(faults['other-key']?.count).toBe(5)
})

test('a row that describes other content is found though its file is whole', async () => {
  const changed = rows.map((row, index) =>
    index === 1 ? { ...row, sha256: randomBytes(32) } : index === 2 ? { ...row, sizeBytes: 7 } : row,
  )
  expect((await check({ rows: changed })).faults['other-content']?.names).toEqual([pathOf(1), pathOf(2)])
})

test('a file that may not be read is not called missing', async () => {
  if (process.getuid?.() === 0) {
    // Root may read everything: a folder in the place of the file is what it cannot read either.
    await rm(join(folder, pathOf(0)))
    await mkdir(join(folder, pathOf(0)))
  } else await chmod(join(folder, pathOf(0)), 0)
  expect((await check()).faults.unreadable?.names).toEqual([pathOf(0)])
})

test('what comes and goes while the app runs is no fault', async () => {
  const gone = pathOf(0)
  await rm(join(folder, gone))
  const added = storagePathOf(`mm${'m'.repeat(22)}`)
  await mkdir(dirname(join(folder, added)), { recursive: true })
  await writeFile(join(folder, added), 'x')
  expect(await check({ hasRow: (path) => path === added })).toMatchObject({ rows: 4, sound: 4, faults: {} })
})

test('without the folder every file is missing; rows out of order are refused; cancelling stops', async () => {
  expect((await check({ folder: join(folder, 'nowhere') })).faults.missing?.count).toBe(5)
  await expect(check({ rows: rows.toReversed() })).rejects.toThrow('order')
  await expect(check({ signal: AbortSignal.abort() })).rejects.toThrow()
})
