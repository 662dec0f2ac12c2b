import { expect, it } from 'vitest'
import { prepareSalt, reserveSalt } from './age-scrypt'

it('a salt that was made ready beforehand serves one archive, and only with its own passphrase', async () => {
  await reserveSalt('four words in a row')
  const other = await prepareSalt('another four words in a row')
  const [first, second] = [await prepareSalt('four words in a row'), await prepareSalt('four words in a row')]
  expect(new Set([first, second, other].map((salt) => salt.toString('hex'))).size).toBe(3)
  await reserveSalt('four words in a row')
  await reserveSalt('four words in a row')
  expect((await prepareSalt('four words in a row')).equals(first)).toBe(false)
})
