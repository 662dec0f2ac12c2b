/**
 * Text that has broken migrations before. All of it is legal in both databases and must arrive byte for byte;
 * NUL and broken UTF-8, which PostgreSQL cannot hold, are not here: they belong to the tests of the checks.
 */
export const awkwardTexts: readonly string[] = [
  '\\N',
  '\\.',
  'C:\\Users\\new\\table\\x41',
  'tab\there, newline\nthere, return\r\nand both',
  `it's "quoted" \`thrice\``,
  '\uFEFFstarts with a byte order mark',
  'line\u2028separator and paragraph\u2029separator',
  '\u202Emirrored\u202C and \u200Fright to left: \u0645\u0631\u062D\u0628\u0627',
  'e\u0301 combined, \u00E9 composed, n\u0303 too',
  '\u{1F469}\u200D\u{1F4BB} \u{1F1EB}\u{1F1F7} \u{1F44D}\u{1F3FD} family: \u{1F468}\u200D\u{1F469}\u200D\u{1F467}',
  '  spaces around  ',
  '',
  '007',
  '1e5',
  'NULL',
  '\'; DROP TABLE "User"; --',
  '{"looks":"like JSON"}',
  '\u0001\u001F\u007F control characters',
  '\u{10FFFF}\uFFFD\uFFFE noncharacters',
  'ﬁ ligature, ſ long s, İ dotted, ß sharp, 한국어, 日本語, ไทย, עברית',
  '$1 {} %s $x <b>&amp;</b>',
  'x'.repeat(5_000),
]

/** Json values that Prisma stores and that differ in how databases keep them. */
export const awkwardJson: readonly unknown[] = [
  { nested: { deeper: [1, [2, [3, { end: true }]]], empty: {}, none: [] } },
  { b: 1, a: 2, '': 'empty key', 'with "quotes"': '\\ and \n', unicode: '\u{1F600}\u2028' },
  [null, true, false, 0, -0.5, 1e-7, 123456789012345, 'text'],
  'a string alone',
  42,
  0.1,
  true,
  { big: 9007199254740991, small: 5e-324, list: [{ a: null }] },
]
