import { expect, inject, it } from 'vitest'
import { asTargetUrl } from '@/lib/postgres/target-url'
import { createPostgresDatabase } from '@/tests/support/postgres-databases'
import { withServerLanes } from './server-lanes'

const [server] = inject('postgresServers')
const never = new AbortController().signal

/** Which items ran at the same time as another that they wait for, in the order in which they were begun. */
async function begun(items: readonly string[], fails?: string): Promise<{ order: string[]; together: string[] }> {
  await using target = await createPostgresDatabase(server ?? expect.fail('no server'))
  const order: string[] = []
  const together: string[] = []
  const running = new Set<string>()
  const waitsFor = (item: string, other: string) => item[0] === other[0]
  await withServerLanes({ target: asTargetUrl(target.url), applicationName: 'lanes', lanes: 3 }, never, (lanes) =>
    lanes.perform(
      items,
      async (lane, item) => {
        order.push(item)
        together.push(...[...running].filter((other) => waitsFor(item, other)).map((other) => `${item} beside ${other}`))
        running.add(item)
        await lane.query('SELECT pg_sleep(0.01)')
        if (item === fails) throw new Error(`${item} fails`)
        running.delete(item)
      },
      waitsFor,
    ),
  )
  return { order, together }
}

it('each item is done once, the first first, and none beside another that it would wait for', async () => {
  const items = ['a1', 'a2', 'a3', 'b1', 'a4', 'c1', 'b2']
  const { order, together } = await begun(items)
  expect(together).toEqual([])
  expect(order.slice(0, 3)).toEqual(['a1', 'b1', 'c1'])
  expect([...order].sort()).toEqual([...items].sort())
})

it('what fails is told, and lets nothing begin that waited for it', async () => {
  await expect(begun(['a1', 'a2', 'a3'], 'a1')).rejects.toThrow('a1 fails')
})
