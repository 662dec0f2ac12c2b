import { describe, expect, it } from 'vitest'
import { readPlainDump } from './plain-dump'

/** The pieces of a dump that arrives in chunks of so many bytes; rows as text. */
async function read(dump: string, chunkBytes = 64 * 1024) {
  const bytes = Buffer.from(dump)
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
  }
  const pieces: (string | { readonly copy: string; readonly rows: string })[] = []
  for await (const piece of readPlainDump(chunks())) {
    if (piece.kind === 'statement') pieces.push(piece.text)
    else {
      const parts: Buffer[] = []
      for await (const rows of piece.rows) parts.push(rows)
      pieces.push({ copy: piece.text, rows: Buffer.concat(parts).toString() })
    }
  }
  return pieces
}

describe('a plain dump', () => {
  it.each([1, 2, 3, 7, 65_536])('in chunks of %i bytes: statements, rows, and what only looks like either', async (chunkBytes) => {
    const dump = [
      '--',
      '-- PostgreSQL database dump; \\! is a comment here',
      '\\restrict 4Qk7abc',
      "SET standard_conforming_strings = on; SELECT 'a;\\! b', \"c;\\\"\"d\", E'it\\'s; ''\\\\! e';",
      '/* a /* nested \\! */ comment; */',
      'CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $_$',
      'BEGIN',
      '\\! touch this',
      "  EXECUTE 'x'; -- COPY t FROM stdin;",
      'END; $$ $_$;',
      'CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END;',
      'COPY public."Zwölf, (x" (id, "größe") FROM stdin;',
      '1\tä',
      '\\! touch this',
      '\\.x',
      '\\N\t\\\\.',
      '\\.',
      'COPY t (a) FROM stdin;',
      '\\.',
      'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);',
      '\\unrestrict 4Qk7abc',
      '-- PostgreSQL database dump complete',
    ].join('\n')
    expect(await read(dump, chunkBytes)).toEqual([
      'SET standard_conforming_strings = on',
      "SELECT 'a;\\! b', \"c;\\\"\"d\", E'it\\'s; ''\\\\! e'",
      "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $_$\nBEGIN\n\\! touch this\n  EXECUTE 'x'; -- COPY t FROM stdin;\nEND; $$ $_$",
      'CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END',
      { copy: 'COPY public."Zwölf, (x" (id, "größe") FROM stdin', rows: '1\tä\n\\! touch this\n\\.x\n\\N\t\\\\.\n' },
      { copy: 'COPY t (a) FROM stdin', rows: '' },
      'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)',
    ])
  })

  it.each([
    ['\\! touch this', 2],
    ["\\copy t FROM PROGRAM 'touch this'", 2],
    ['\\o |touch this', 2],
    ['\\connect other', 2],
    ['SELECT 1 \\g |touch', 2],
    ['SELECT 1; \\! touch this', 2],
    ['COPY t (a) FROM stdin;\n1\n\\.\n\\! touch this', 5],
    ['\\restrict x; \\! touch', 2],
    ["COPY t TO PROGRAM 'touch this';", 2],
    ["COPY t FROM PROGRAM 'touch this';", 2],
    ["COPY t (a) FROM '/etc/passwd';", 2],
    ['COPY t (a) FROM stdin;\n1\n', 2],
    ["SELECT 'no end;\n", 2],
    ['/* no end\n\n', 2],
  ])('that holds %j is refused by line', async (line, at) => {
    await expect(read(`SELECT 1;\n${line}\n`)).rejects.toMatchObject({
      code: 'BACKUP_REFUSED',
      message: expect.stringContaining(`Line ${at} of database.sql `),
    })
  })

  it('holds no more than a piece: a row of any length passes through, a statement without end is refused', async () => {
    const content = (async function* () {
      yield Buffer.from('COPY t (a) FROM stdin;\n')
      for (let chunk = 0; chunk < 640; chunk += 1) yield Buffer.alloc(64 * 1024, 'a')
      yield Buffer.from('\n\\.\nSELECT 1;\nSELECT ')
      for (let chunk = 0; chunk < 200; chunk += 1) yield Buffer.from(`${'1, '.repeat(20_000)}\n`)
    })()
    let bytes = 0
    let longest = 0
    const reading = (async () => {
      for await (const piece of readPlainDump(content)) {
        if (piece.kind === 'statement') continue
        for await (const rows of piece.rows) {
          bytes += rows.length
          longest = Math.max(longest, rows.length)
        }
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'BACKUP_REFUSED', message: expect.stringContaining('Line 5 ') })
    expect([bytes, longest]).toEqual([640 * 64 * 1024 + 1, 64 * 1024])
  })
})
