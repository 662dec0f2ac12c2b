/**
 * next-intl's translator for keys that are put together from codes of closed lists: of findings, errors, checks, causes. The
 * type checker knows every key that is written out; these it cannot know, so a test has every one of them in both languages.
 */
export interface CodedMessages {
  (key: string, values?: Readonly<Record<string, string | number>>): string
  has(key: string): boolean
  raw(key: string): unknown
}

/** @param t from useTranslations, getTranslations or createTranslator */
export function codedMessages(t: { has(key: never): boolean; raw(key: never): unknown }): CodedMessages {
  // The same function, seen without the list of its keys: the one place where that list is left.
  return t as unknown as CodedMessages
}
