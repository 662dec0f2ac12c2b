import { quoteText } from './sql-text'

/** The characters that COPY's text format writes otherwise than they are, and what it writes. The backslash comes first, being in all of them. */
export const specialCharacters = [
  { character: '\\', byte: 0x5c, written: '\\\\' },
  { character: '\t', byte: 0x09, written: '\\t' },
  { character: '\n', byte: 0x0a, written: '\\n' },
  { character: '\r', byte: 0x0d, written: '\\r' },
] as const

export const allSpecials = specialCharacters.map(({ character }) => character).join('')

/** A condition that is 1 for a text that COPY reads otherwise than it is written. */
export function hasSpecial(source: string): string {
  return specialCharacters.map(({ character }) => `${source} GLOB ${quoteText(`*${character}*`)}`).join(' OR ')
}

/** The special characters among bytes of UTF-8, as one text. */
export function specialsIn(bytes: Buffer): string {
  return specialCharacters.flatMap(({ character, byte }) => (bytes.includes(byte) ? [character] : [])).join('')
}

/** A text with these of the special characters escaped; others must not be in it. */
export function escaped(source: string, specials: string): string {
  return specialCharacters
    .filter(({ character }) => specials.includes(character))
    .reduce((inner, { character, written }) => `replace(${inner},${quoteText(character)},${quoteText(written)})`, source)
}
