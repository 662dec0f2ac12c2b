import { quoteText } from '@/lib/core/quoted-name'

/**
 * `LIKE 'pattern'`: SQLite heeds the case of no ASCII letter, and has no escape character unless one is given. Null for a pattern that ends
 * with it: it fits nothing there, and PostgreSQL refuses every row.
 */
export function likePattern(pattern: string, escapedBy: string | null, isNegated: boolean): string | null {
  if (escapedBy !== null && (/^[%_]$/.test(escapedBy) || endsWithEscape(pattern, escapedBy))) return null
  const text = quoteText(escapedBy !== null ? pattern : pattern.replaceAll('\\', '\\\\'))
  // The collation has ILIKE fold the ASCII letters and no others.
  return `COLLATE "C" ${isNegated ? 'NOT ' : ''}ILIKE ${text}`
}

function endsWithEscape(pattern: string, character: string): boolean {
  const characters = [...pattern]
  let index = 0
  while (index < characters.length) index += characters[index] === character ? 2 : 1
  return index > characters.length
}

/** `GLOB 'pattern'` as a regular expression over the whole text, or null for a form that has none. */
export function globPattern(pattern: string, isNegated: boolean): string | null {
  let expression = ''
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern.charAt(index)
    if (character === '*') expression += '.*'
    else if (character === '?') expression += '.'
    else if (character === '[') {
      const set = /^\[(\^?)(\]?[^\]]*)\]/.exec(pattern.slice(index))
      if (!set || /[\\[]/.test(set[2] ?? '') || !hasRanges(set[2] ?? '')) return null
      expression += set[0]
      index += set[0].length - 1
    } else expression += /[\w\s\u0080-\uffff]/.test(character) ? character : `\\${character}`
  }
  // (?s) lets a dot stand for a newline too, as GLOB's * does.
  return `COLLATE "C" ${isNegated ? '!~' : '~'} ${quoteText(`(?s)^${expression}$`)}`
}

/** Whether each `-` stands at an end, or between two characters in their order: of another PostgreSQL says that the expression is none. */
function hasRanges(set: string): boolean {
  const characters = [...set.replace(/^-|-$/g, '')]
  for (let at = characters.indexOf('-'); at >= 0; at = characters.indexOf('-', at + 1)) {
    const [from, to] = [characters[at - 1]?.codePointAt(0), characters[at + 1]?.codePointAt(0)]
    if (from === undefined || to === undefined || from > to || characters[at - 2] === '-' || characters[at + 2] === '-') return false
  }
  return true
}
