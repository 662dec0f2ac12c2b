import type { Entry } from '@/lib/troubleshooting/catalogue'
import type { EntryWords } from './use-entry-words'

/**
 * Entries that a search leads to, the likeliest first: a code as such, a message that was pasted and holds a known phrase or
 * code, then any word of the entry's own text. Everything for an empty search.
 */
export function searchEntries(entries: readonly Entry[], words: (entry: Entry) => EntryWords, search: string): readonly Entry[] {
  const wanted = search.trim().toLowerCase()
  if (wanted === '') return entries
  return entries
    .map((entry) => ({ entry, rank: rankOf(entry, words(entry), wanted) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank)
    .map(({ entry }) => entry)
}

function rankOf(entry: Entry, { title, cause, remedy }: EntryWords, wanted: string): number {
  const codes = [entry.id, ...entry.codes].map((code) => code.toLowerCase())
  if (codes.includes(wanted)) return 4
  // A pasted message names a code as a word of its own: P1001 in "Error: P1001: Can't reach …".
  const parts = new Set(wanted.split(/[^\w]+/))
  if (codes.some((code) => parts.has(code))) return 3
  // Names stand between the words of a message: relation "User" does not exist.
  const plain = wanted.replace(/["'`«»][^"'`«»]*["'`«»]\s*/g, '')
  const phrase = entry.phrases.filter((known) => wanted.includes(known) || plain.includes(known)).sort((a, b) => b.length - a.length)[0]
  if (phrase !== undefined) return 2 + phrase.length / 1000
  const text = [title, cause, remedy, ...codes, ...entry.phrases].join('\n').toLowerCase()
  return wanted.split(/\s+/).every((word) => text.includes(word)) ? 1 : 0
}
