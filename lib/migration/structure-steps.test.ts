import { describe, expect, it } from 'vitest'
import { partKey, type StructurePart } from '@/lib/postgres/structure'
import { planSteps, waitsFor } from './structure-steps'

const rowsOf = new Map([
  ['event', 1_000_000],
  ['note', 50_000],
  ['plan', 3],
])

function part(kind: StructurePart['kind'], table: string, name: string, definition: string): StructurePart {
  return { table, name, kind, definition }
}

const eventKey = part('primary', 'event', 'event_pkey', 'PRIMARY KEY (id)')

function planned(parts: readonly StructurePart[], built: ReadonlyMap<string, boolean> = new Map()) {
  const { early, instant, last } = planSteps('public', parts, built, rowsOf)
  const statements = (steps: typeof early) => steps.map(({ statement }) => statement)
  return { early: statements(early), instant: statements(instant), last: statements(last) }
}

describe('the steps of the structure', () => {
  it('a key of a large table is an index first, beside which others are built', () => {
    expect(planned([eventKey])).toEqual({
      early: ['CREATE UNIQUE INDEX "event_pkey" ON "public"."event" USING btree (id)'],
      instant: ['ALTER TABLE "public"."event" ADD CONSTRAINT "event_pkey" PRIMARY KEY USING INDEX "event_pkey"'],
      last: [],
    })
    const odd = part('unique', 'note', 'a)b', 'UNIQUE ("user""Id", _day, "größe (cm)")')
    expect(planned([odd]).early).toEqual(['CREATE UNIQUE INDEX "a)b" ON "public"."note" USING btree ("user""Id", _day, "größe (cm)")'])
  })

  it('a key whose index was built before the process was killed only becomes the key', () => {
    const { early, instant } = planned([eventKey], new Map([[partKey({ ...eventKey, kind: 'index' }), true]]))
    expect(early).toEqual([])
    expect(instant).toEqual(['ALTER TABLE "public"."event" ADD CONSTRAINT "event_pkey" PRIMARY KEY USING INDEX "event_pkey"'])
    expect(planned([eventKey], new Map([[partKey(eventKey), true]])).instant).toEqual([])
  })

  it.each([
    ['a small table', part('primary', 'plan', 'plan_pkey', 'PRIMARY KEY (id)')],
    ['columns that it only carries', part('unique', 'note', 'u', 'UNIQUE (a) INCLUDE (b)')],
    ['a check at the end', part('unique', 'note', 'u', 'UNIQUE (a) DEFERRABLE INITIALLY DEFERRED')],
    ['NULLs that are equal', part('unique', 'note', 'u', 'UNIQUE NULLS NOT DISTINCT (a)')],
    ['another rule than equality', part('exclusion', 'note', 'x', 'EXCLUDE USING gist (a WITH &&)')],
  ])('a key with %s is put back by one statement', (_, key) => {
    const name = `"${key.name}"`
    expect(planned([key])).toEqual({
      early: [`ALTER TABLE "public"."${key.table}" ADD CONSTRAINT ${name} ${key.definition}`],
      instant: [],
      last: [],
    })
  })

  it('references heed new rows at once and are looked at last, beside the indexes of other tables', () => {
    const reference = part('foreign', 'event', 'event_note_fkey', 'FOREIGN KEY (note) REFERENCES note(id)')
    const own = part('index', 'event', 'event_kind', 'CREATE INDEX event_kind ON public.event USING btree (kind)')
    const other = part('index', 'note', 'note_day', 'CREATE INDEX note_day ON public.note USING btree (day)')
    const unique = part('index', 'note', 'note_code', 'CREATE UNIQUE INDEX note_code ON public.note USING btree (code)')
    expect(planned([reference, own, other, unique])).toEqual({
      early: [own.definition, unique.definition],
      instant: [`ALTER TABLE "public"."event" ADD CONSTRAINT "event_note_fkey" ${reference.definition} NOT VALID`],
      last: [other.definition, 'ALTER TABLE "public"."event" VALIDATE CONSTRAINT "event_note_fkey"'],
    })
    // It stands, but nobody has looked at the rows.
    const unseen = planned([reference], new Map([[partKey(reference), false]]))
    expect(unseen).toEqual({ early: [], instant: [], last: ['ALTER TABLE "public"."event" VALIDATE CONSTRAINT "event_note_fkey"'] })
  })

  it('indexes of one table are built at once; nothing else is done to a table at once', () => {
    const index = planSteps('public', [eventKey], new Map(), rowsOf).early[0] ?? expect.fail('no step')
    const look = { ...index, isShared: false }
    expect(waitsFor([index], [index])).toBe(false)
    expect(waitsFor([index], [look])).toBe(true)
    expect(waitsFor([look], [index])).toBe(true)
    expect(waitsFor([look], [look])).toBe(true)
    expect(waitsFor([look], [{ ...look, table: 'note' }])).toBe(false)
    expect(waitsFor([{ ...look, table: 'note' }, look], [look])).toBe(true)
  })
})
