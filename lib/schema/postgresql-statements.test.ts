import { describe, expect, it } from 'vitest'
import { scriptForRehearsal, splitStatements } from './postgresql-statements'

const texts = (script: string) => splitStatements(script).map(({ text }) => text)

describe('splitStatements', () => {
  it.each([
    ['a text', `SELECT 'a;b'';c'; SELECT 2`, [`SELECT 'a;b'';c'`, 'SELECT 2']],
    ['a text with backslashes', `SELECT E'\\';' ; SELECT 2`, [`SELECT E'\\';'`, 'SELECT 2']],
    ['a plain text that ends in a backslash', `SELECT '\\'; SELECT 2`, [`SELECT '\\'`, 'SELECT 2']],
    ['a name', `SELECT 1 AS "a;""b"; SELECT 2`, [`SELECT 1 AS "a;""b"`, 'SELECT 2']],
    ['comments, nested ones too', `SELECT 1 -- a;b'\n; /* c; /* d; */ e; */ SELECT 2`, ['SELECT 1', 'SELECT 2']],
    ['dollar quotes', `DO $$ BEGIN PERFORM 1; END $$; SELECT 2`, [`DO $$ BEGIN PERFORM 1; END $$`, 'SELECT 2']],
    ['tagged ones', `DO $x$ SELECT '$$;$y$'; $x$; SELECT 2`, [`DO $x$ SELECT '$$;$y$'; $x$`, 'SELECT 2']],
    ['a dollar within a word', `SELECT a$b$; SELECT c$b$`, ['SELECT a$b$', 'SELECT c$b$']],
    ['a parameter', `PREPARE p AS SELECT $1; EXECUTE p(1)`, ['PREPARE p AS SELECT $1', 'EXECUTE p(1)']],
    ['brackets', `CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3`, null],
    [
      'a body of SQL',
      `CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3`,
      null,
    ],
    ['BEGIN that is no body', 'BEGIN; SELECT 1; END; SELECT 2', ['BEGIN', 'SELECT 1', 'END', 'SELECT 2']],
    ['nothing but comments', '-- nothing; here\n;;/* ; */', []],
    ['what is never closed', `SELECT $a$ ; 'b`, [`SELECT $a$ ; 'b`]],
  ])('heeds %s', (_, script, expected) => {
    if (expected !== null) expect(texts(script)).toEqual(expected)
    else expect(texts(script)).toHaveLength(2)
  })

  it('loses nothing but semicolons, comments and blanks', () => {
    const script = `CREATE TABLE t (a int); /* x */ INSERT INTO t VALUES (1); -- y\nUPDATE t SET a = 2`
    expect(texts(script).join(';')).toBe('CREATE TABLE t (a int);INSERT INTO t VALUES (1);UPDATE t SET a = 2')
  })
})

describe('scriptForRehearsal', () => {
  it('turns transactions into savepoints, so that a rollback takes back what it should and the outer transaction stays', () => {
    expect(scriptForRehearsal('BEGIN; SELECT 1; COMMIT; START TRANSACTION; SELECT 2; ROLLBACK; COMMIT;')).toBe(
      [
        'SAVEPOINT bascule_script_1',
        'SELECT 1',
        'RELEASE SAVEPOINT bascule_script_1',
        'SAVEPOINT bascule_script_1',
        'SELECT 2',
        'ROLLBACK TO SAVEPOINT bascule_script_1',
        'RELEASE SAVEPOINT bascule_script_1',
        '',
      ].join(';\n'),
    )
  })

  it('makes indexes where it stands, and leaves COMMIT within a body alone', () => {
    const body = `CREATE PROCEDURE p() LANGUAGE plpgsql AS $$\nBEGIN\nCOMMIT;\nEND;\n$$`
    expect(scriptForRehearsal(`CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a); VACUUM t; ${body}`)).toBe(
      `CREATE UNIQUE INDEX  IF NOT EXISTS i ON t (a);\n${body};\n`,
    )
  })
})
