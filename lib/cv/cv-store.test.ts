import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTemporaryFolder } from '@/tests/support/sqlite-databases'
import { keyFingerprint, maxCvBytes, openCv, sealCv } from './cv-format'
import { createCvStore, newStoragePath } from './cv-store'

const key = Buffer.alloc(32, 1)

describe('the format of a CV file', () => {
  const path = newStoragePath()

  it('gives back every content, the empty one too', () => {
    for (const content of [Buffer.alloc(0), Buffer.from('é👍'), Buffer.alloc(1_000_000, 3)]) {
      expect(openCv(sealCv(content, key, path), key, path).equals(content)).toBe(true)
    }
  })

  it('never makes the same file twice', () => {
    expect(sealCv(Buffer.from('same'), key, path).equals(sealCv(Buffer.from('same'), key, path))).toBe(false)
  })

  it('notices every single damaged byte, a cut, an addition and another file in its place', () => {
    const sealed = sealCv(Buffer.from('twelve bytes'), key, path)
    for (let offset = 0; offset < sealed.length; offset++) {
      const damaged = Buffer.from(sealed)
      damaged.writeUInt8(damaged.readUInt8(offset) ^ 0x80, offset)
      expect(() => openCv(damaged, key, path), `byte ${offset}`).toThrow(expect.objectContaining({ code: 'CV_UNREADABLE' }))
    }
    for (const wrong of [sealed.subarray(0, -1), sealed.subarray(0, 20), Buffer.alloc(0), Buffer.concat([sealed, Buffer.of(0)])]) {
      expect(() => openCv(wrong, key, path)).toThrow(expect.objectContaining({ code: 'CV_UNREADABLE' }))
    }
    expect(() => openCv(sealed, key, newStoragePath())).toThrow(expect.objectContaining({ code: 'CV_UNREADABLE' }))
  })

  it('tells another key from damage by fingerprints, which show nothing of the key', () => {
    const other = Buffer.alloc(32, 2)
    expect(keyFingerprint(key)).toMatch(/^[0-9a-f]{16}$/)
    expect(keyFingerprint(key)).not.toBe(keyFingerprint(other))
    expect(() => openCv(sealCv(Buffer.from('x'), key, path), other, path)).toThrow(
      expect.objectContaining({ code: 'CV_UNREADABLE', message: expect.stringContaining(keyFingerprint(key)) }),
    )
  })

  it('refuses more than its limit', () => {
    expect(() => sealCv(Buffer.alloc(maxCvBytes + 1), key, path)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })
})

describe('the folder of the CVs', () => {
  it('writes, reads and removes, and leaves no temporary file', async () => {
    await using folder = await createTemporaryFolder('cv')
    const store = createCvStore({ folder: join(folder.path, 'cv_data'), key })
    const path = newStoragePath()
    await store.write(path, Buffer.from('content'))
    expect((await store.read(path)).toString()).toBe('content')
    expect(await readdir(join(folder.path, 'cv_data', dirname(path)))).toEqual([path.slice(3)])
    await store.remove(path)
    await store.remove(path)
    await expect(store.read(path)).rejects.toMatchObject({ code: 'CV_UNREADABLE', hint: expect.stringContaining('CV_DATA_DIR') })
  })

  it('never leaves its folder, whatever path a row holds', async () => {
    await using folder = await createTemporaryFolder('cv')
    const store = createCvStore({ folder: join(folder.path, 'cv_data'), key })
    await writeFile(join(folder.path, 'outside.cv'), 'secret')
    const paths = [
      '../outside.cv',
      '/etc/passwd',
      'ab/../../outside.cv',
      'ab\\..\\outside.cv',
      '',
      '.',
      newStoragePath().toUpperCase(),
      `${newStoragePath()}\0`,
    ]
    for (const path of paths) {
      await expect(store.read(path)).rejects.toMatchObject({ code: 'CV_UNREADABLE' })
      await expect(store.remove(path)).rejects.toMatchObject({ code: 'CV_UNREADABLE' })
      await expect(store.write(path, Buffer.from('x'))).rejects.toMatchObject({ code: 'CV_UNREADABLE' })
    }
    expect(await readdir(folder.path)).toEqual(['outside.cv'])
  })

  it('leaves nothing behind when the file cannot take its place', async () => {
    await using folder = await createTemporaryFolder('cv')
    const store = createCvStore({ folder: folder.path, key })
    const path = newStoragePath()
    // A folder of that name: the rename fails, as any other last-moment failure would.
    await mkdir(join(folder.path, path, 'in the way'), { recursive: true })
    await expect(store.write(path, Buffer.from('x'))).rejects.toThrow()
    expect(await readdir(join(folder.path, dirname(path)))).toEqual([path.slice(3)])
  })
})
