import { quoteText } from '@/lib/core/quoted-name'

/** `LIKE 'pattern'`: SQLite heeds the case of no ASCII letter, and has no escape character unless one is given. */
export function likePattern(pattern: string, hasEscape: boolean, isNegated: boolean): string {
  const text = quoteText(hasEscape ? pattern : pattern.replaceAll('\\', '\\\\'))
  // The collation has ILIKE fold the ASCII letters and no others.
  return `COLLATE "C" ${isNegated ? 'NOT ' : ''}ILIKE ${text}`
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
      if (!set || /[\\[]/.test(set[2] ?? '')) return null
      expression += set[0]
      index += set[0].length - 1
    } else expression += /[\w\s\u0080-\uffff]/.test(character) ? character : `\\${character}`
  }
  // (?s) lets a dot stand for a newline too, as GLOB's * does.
  return `COLLATE "C" ${isNegated ? '!~' : '~'} ${quoteText(`(?s)^${expression}$`)}`
}
