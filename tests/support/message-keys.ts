export interface Messages {
  readonly [key: string]: string | Messages
}

/** The texts of a message file under their dotted keys. */
export function flatten(messages: Messages, prefix = ''): ReadonlyMap<string, string> {
  const entries = Object.entries(messages).flatMap(([key, value]): (readonly [string, string])[] =>
    typeof value === 'string' ? [[prefix + key, value]] : [...flatten(value, `${prefix}${key}.`)],
  )
  return new Map(entries)
}

/** What differs between two languages of the same texts, one line each. */
export function findLocaleProblems(first: Messages, second: Messages): readonly string[] {
  const [left, right] = [flatten(first), flatten(second)]
  const keys = [...new Set([...left.keys(), ...right.keys()])].sort()
  return keys.flatMap((key) => {
    const [a, b] = [left.get(key), right.get(key)]
    if (a === undefined) return [`${key}: not in the first`]
    if (b === undefined) return [`${key}: not in the second`]
    if (a.trim() === '' || b.trim() === '') return [`${key}: empty`]
    return placeholders(a) === placeholders(b) ? [] : [`${key}: other placeholders`]
  })
}

/** Names in braces and tags, sorted; plural forms are the language's own and only their variable counts. */
function placeholders(text: string): string {
  const names = [...text.matchAll(/\{\s*(\w+)\s*[,}]|<(\w+)>/g)].map((match) => match[1] ?? match[2] ?? '')
  return [...new Set(names)].sort().join(' ')
}
