import { describe, expect, it } from 'vitest'
import { translateDefault } from './column-default'

describe('translateDefault', () => {
  it.each([
    ["(strftime('%Y-%m-%dT%H:%M:%fZ','now'))", 'text', `to_char(now() AT TIME ZONE 'UTC', 'YYYY"-"MM"-"DD"T"HH24":"MI":"SS.MS"Z"')`],
    ["datetime('now')", 'text', `to_char(now() AT TIME ZONE 'UTC', 'YYYY"-"MM"-"DD" "HH24":"MI":"SS')`],
    ['current_time', 'time(3)', `date_trunc('second', now() AT TIME ZONE 'UTC')::time`],
    ['CURRENT_TIMESTAMP', 'timestamp(3)', 'CURRENT_TIMESTAMP'],
    ['(hex(randomblob(8)))', 'text', `upper(left(replace(gen_random_uuid()::text, '-', ''), 16))`],
    ["(strftime('%s', 'now'))", 'integer', 'floor(extract(epoch FROM now()))::bigint'],
    ['(unixepoch() * 1000)', 'bigint', 'floor(extract(epoch FROM now()))::bigint * 1000'],
    ['0x10', 'integer', '16'],
    ['-1e400', 'double precision', "'-Infinity'"],
    ['-1', 'numeric(3,2)', '-1'],
    ["'2020-01-01 10:00:00'", 'timestamp(3)', "'2020-01-01 10:00:00'"],
    ["'2020-01-01T10:00:00.000+02:00'", 'timestamp(3)', "'2020-01-01T08:00:00.000'"],
    ["'2020-01-01 00:30:00 +0200'", 'timestamp(3) without time zone', "'2019-12-31T22:30:00.000'"],
    ["'2020-01-01T10:00:00.000+00:00'", 'timestamp(3)', "'2020-01-01T10:00:00.000'"],
    ["'2020-01-01T10:00:00+02:00'", 'timestamptz(3)', "'2020-01-01T10:00:00+02:00'"],
    ["'ab'", 'varchar(2)', "'ab'"],
    ['(lower(hex(randomblob(16))))', 'varchar(32)', "left(replace(gen_random_uuid()::text, '-', ''), 32)"],
    ['(60 * 60 * 24)', 'integer', '(60 * 60 * 24)'],
    ['(1 + 1)', 'text', '(1 + 1)'],
    ["('r' || lower(hex(randomblob(4))))", 'text', "'r' || right(gen_random_uuid()::text, 8)"],
    ["strftime('%Y-%m-%d')", 'text', `to_char(now() AT TIME ZONE 'UTC', 'YYYY"-"MM"-"DD')`],
    [
      "(lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2) || '-' || substr('89ab', abs(random()) % 4 + 1, 1))",
      'text',
      "right(gen_random_uuid()::text, 4) || '-4' || substr(right(gen_random_uuid()::text, 4), 2) || '-' || substr('89ab', floor(random() * 4)::int + 1, 1)",
    ],
  ])('makes %s of type %s into %s', (sqlite, type, postgresql) => {
    expect(translateDefault(sqlite, type)).toBe(postgresql)
  })

  it.each([
    ['1e3', 'TEXT', "'1000.0'"],
    ['1e3', 'XML', "'1000'"],
    ['1.50', 'NUMERIC', "'1.5'"],
    ['007', 'NUMERIC', "'7'"],
    ["'007'", 'HALF', "'7'"],
    ["'007'", 'TEXT', "'007'"],
    ["'007'", 'BLOB', "'007'"],
    ["' 1.50 '", 'STRING', "'1.5'"],
    ["'1.0'", 'STRING', "'1'"],
    ["'7a'", 'STRING', "'7a'"],
    ['7', 'DOUBLE', "'7.0'"],
  ])('makes the number %s a text as a column declared %s stores it', (sqlite, declared, postgresql) => {
    expect(translateDefault(sqlite, 'text', declared)).toBe(postgresql)
  })

  it.each([
    ['9223372036854775807', 'timestamp(3)'],
    ['-62198755200000', 'timestamptz(3)'],
    // PostgreSQL would take these for the moment of the migration.
    ["'now'", 'timestamp(3)'],
    ["'today'", 'date'],
    ["''", 'timestamp(3)'],
    // These it would take, and then refuse every row that gets them.
    ["'abc'", 'varchar(2)'],
    ['99999999999', 'integer'],
    ['1.5', 'bigint'],
    ['1000', 'numeric(5,2)'],
    ['1e400', 'numeric'],
    ['1e300', 'real'],
    ['(unixepoch() * 1000)', 'integer'],
    ["strftime('%W','now')", 'text'],
    ["('r' || lower(hex(randomblob(40))))", 'text'],
    ['(lower(hex(randomblob(4))) || other)', 'text'],
    ["(lower(hex(randomblob(4))) || '-' ||)", 'text'],
    ["datetime('now','localtime')", 'timestamp(3)'],
    ['(100000 * 100000)', 'integer'],
    ['(60 * 60 * 24 * 365 * 100)', 'bigint'],
    ['(9223372036854775807 + 1)', 'bigint'],
    ["(strftime('%s','now'))", 'varchar(9)'],
    ['CURRENT_TIMESTAMP', 'varchar(18)'],
    ["(strftime('%f','now'))", 'varchar(5)'],
    ['(lower(hex(randomblob(16))))', 'varchar(31)'],
    ['3000000000', 'varchar(9)'],
    // And these it would write otherwise.
    ['(1.5 + 1)', 'integer'],
    ['(2 * 1.5)', 'text'],
    ['(0.1 + 0.2)', 'text'],
    ['(1 = 1)', 'text'],
    ["('a' < 'B')", 'text'],
    ['1e400', 'text'],
    ['1e400', 'jsonb'],
    ['123456789012345678901234567890', 'text'],
    ['1_000', 'double precision'],
  ])('leaves %s of type %s behind', (sqlite, type) => {
    expect(translateDefault(sqlite, type)).toBeUndefined()
  })
})
