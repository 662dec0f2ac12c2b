import fc from 'fast-check'
import type { RawValue } from '@/lib/sqlite/values/raw-value'

/** Either a value to bind, or SQL for one that cannot be bound (invalid UTF-8, JSONB). */
export type StoredValue = { readonly bind: RawValue } | { readonly sql: string }

const edges = [0n, 1n, 2n, -1n, 2n ** 31n, -(2n ** 31n), 2n ** 31n - 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 2024n, 2460371n]
const instants = [
  0n,
  1_709_287_200n,
  1_709_287_200_123n,
  -62_135_596_800_000n,
  -62_135_596_800_001n,
  253_402_300_799_999n,
  253_402_300_800_000n,
]

const integers = fc.oneof(
  fc.constantFrom(...edges, ...instants),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(10n ** 13n), max: 10n ** 13n }),
)

const reals = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => cents / 100),
  fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
  fc.constantFrom(0.1 + 0.2, 1.5, 1e20, 5e-324, 1e300, 1e-30, 1.1e-30, 2460371.25, 1709287200123.75, Number.POSITIVE_INFINITY),
)

const dateTexts = fc
  .record({
    instant: fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('+010000-01-02T00:00:00Z'), noInvalidDate: true }),
    day: fc.constantFrom('', '00', '29', '30', '31', '32'),
    month: fc.constantFrom('', '00', '02', '13'),
    separator: fc.constantFrom('T', 'T', ' ', 't', ''),
    hour: fc.constantFrom('', '24', '25'),
    fraction: fc.constantFrom('', '.5', '.1239', '.9996', 'iso', 'iso', 'iso'),
    zone: fc.constantFrom('', 'Z', '+00:00', '+00:00', '+02:00', '-0530', '+02', ' +00:00', ' UTC', 'z'),
    part: fc.constantFrom('all', 'all', 'all', 'date', 'time', 'minutes'),
  })
  .map((pick) => {
    const iso = pick.instant.toISOString()
    const [wholeDate = '', wholeTime = ''] = iso.split('T')
    const [year, month, day] = wholeDate.startsWith('+')
      ? [wholeDate.slice(0, 7), wholeDate.slice(8, 10), wholeDate.slice(11)]
      : wholeDate.split('-')
    const date = `${year}-${pick.month || month}-${pick.day || day}`
    const time = `${pick.hour || wholeTime.slice(0, 2)}${wholeTime.slice(2, 8)}${pick.fraction === 'iso' ? wholeTime.slice(8, 12) : pick.fraction}`
    if (pick.part === 'date') return date
    if (pick.part === 'time') return `${time}${pick.zone}`
    if (pick.part === 'minutes') return `${date}T${time.slice(0, 5)}${pick.zone}`
    return `${date}${pick.separator}${time}${pick.zone}`
  })

const wordTexts = fc.constantFrom(
  ...[
    '',
    ' ',
    'true',
    'TRUE',
    'True',
    'false',
    '1',
    '0',
    'yes',
    'nan',
    '-NaN',
    'Infinity',
    '-Infinity',
    '0x10',
    '1_000',
    '1e5',
    '1.10',
    '.5',
    '5.',
  ],
  ...[
    '007',
    '2024',
    'WRITTEN',
    'written',
    'UPLOADED ',
    '\\N',
    '\\.',
    '\\',
    '\\\\x41',
    'a\tb',
    'a\nb',
    'a\rb',
    '\0',
    'a\0b',
    '\uFFFD',
    '\uFEFF',
    '\u2028',
  ],
  ...[
    '0000-00-00',
    'March 7, 2024 10:00:00',
    'Thu, 01 Mar 2024 10:00:00 GMT',
    '12345678901234567890',
    '0.30000000000000004',
    '-0',
    '+5',
    '1e400',
    '1e-400',
  ],
)

const jsonTexts = fc.oneof(
  fc.json(),
  fc.json({ stringUnit: 'binary' }),
  fc.constantFrom(
    '"\\u0000"',
    '"\\\\u0000"',
    '"\\ud83d"',
    '"\\ud83d\\ude00"',
    '"\\ude00\\ud83d"',
    '{"a":1,"a":2}',
    '[1e400]',
    '[1e200000]',
    '[1e-20000]',
    '-0',
  ),
  fc.constantFrom('{a:1}', '[1,]', "'x'", '"\t"', 'NaN', '\uFEFF1', ' 1 ', '[', '1 2', '"\\x41"', '0x1', '+1', '.5', '01', '"\u007f"'),
)

const texts = fc.oneof(
  dateTexts,
  wordTexts,
  jsonTexts,
  fc.string({ unit: 'binary', maxLength: 30 }).filter((text) => !/\p{Surrogate}/u.test(text)),
  fc.string({ maxLength: 30 }),
  reals.map(String),
  integers.map(String),
)

const blobs = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  texts.map((text) => Buffer.from(text)),
)

const unbindable = fc.oneof(
  fc.uint8Array({ maxLength: 12 }).map((bytes) => `CAST(x'${Buffer.from(bytes).toString('hex')}' AS TEXT)`),
  fc.json().map((text) => `jsonb('${text.replaceAll("'", "''").replaceAll('\0', '')}')`),
)

/** Any value that SQLite can hold, leaning towards those that have gone wrong somewhere. */
export const storedValues: fc.Arbitrary<StoredValue> = fc.oneof(
  { weight: 3, arbitrary: integers.map((bind) => ({ bind })) },
  { weight: 3, arbitrary: reals.map((bind) => ({ bind })) },
  { weight: 8, arbitrary: texts.map((bind) => ({ bind })) },
  { weight: 2, arbitrary: blobs.map((bind) => ({ bind })) },
  { weight: 1, arbitrary: unbindable.map((sql) => ({ sql })) },
  { weight: 1, arbitrary: fc.constant({ bind: null }) },
)
