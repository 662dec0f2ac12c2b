/** A piece of SQL as SQLite's tokenizer sees it; comments and white space are left out. */
export type SqlToken =
  /** A bare word: keyword or name. `upper` is for comparing. */
  | { readonly kind: 'word'; readonly text: string; readonly upper: string; readonly start: number; readonly end: number }
  /** "name", `name` or [name], unquoted. `quote` tells which. */
  | { readonly kind: 'quoted'; readonly text: string; readonly quote: '"' | '`' | '['; readonly start: number; readonly end: number }
  /** 'text', unquoted. */
  | { readonly kind: 'string'; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: 'blob'; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: 'number'; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: 'operator'; readonly text: string; readonly start: number; readonly end: number }

const pattern =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<blob>[xX]'[0-9a-fA-F]*')|(?<string>'(?:[^']|'')*')|(?<double>"(?:[^"]|"")*")|(?<tick>`(?:[^`]|``)*`)|(?<bracket>\[[^\]]*\])|(?<number>0[xX][0-9a-fA-F]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<word>[A-Za-z_\u0080-\uffff$][A-Za-z0-9_\u0080-\uffff$]*)|(?<operator>->>|->|\|\||<=|>=|<>|!=|==|<<|>>|[\s\S])/gy

/**
 * Splits SQL into tokens. The text comes from `sqlite_master`, so SQLite has accepted it before: every character
 * belongs to some token and quotes are closed.
 */
export function tokenizeSql(sql: string): readonly SqlToken[] {
  const tokens: SqlToken[] = []
  for (const match of sql.matchAll(pattern)) {
    const groups = match.groups ?? {}
    const text = match[0]
    const place = { start: match.index, end: match.index + text.length }
    if (groups.space !== undefined) continue
    if (groups.blob !== undefined) tokens.push({ kind: 'blob', text: text.slice(2, -1), ...place })
    else if (groups.string !== undefined) tokens.push({ kind: 'string', text: text.slice(1, -1).replaceAll("''", "'"), ...place })
    else if (groups.double !== undefined)
      tokens.push({ kind: 'quoted', quote: '"', text: text.slice(1, -1).replaceAll('""', '"'), ...place })
    else if (groups.tick !== undefined) tokens.push({ kind: 'quoted', quote: '`', text: text.slice(1, -1).replaceAll('``', '`'), ...place })
    else if (groups.bracket !== undefined) tokens.push({ kind: 'quoted', quote: '[', text: text.slice(1, -1), ...place })
    else if (groups.number !== undefined) tokens.push({ kind: 'number', text, ...place })
    else if (groups.word !== undefined) tokens.push({ kind: 'word', text, upper: text.toUpperCase(), ...place })
    else tokens.push({ kind: 'operator', text, ...place })
  }
  return tokens
}

/** Whether the token is this keyword, unquoted. */
export function isWord(token: SqlToken | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.upper)
}

/** Whether the token is this operator or bracket. */
export function isOperator(token: SqlToken | undefined, text: string): boolean {
  return token?.kind === 'operator' && token.text === text
}

/** Index of the bracket that closes the one at `open`; the last token's when it is never closed. */
export function closingBracket(tokens: readonly SqlToken[], open: number): number {
  let depth = 0
  for (let index = open; index < tokens.length; index += 1) {
    if (isOperator(tokens[index], '(')) depth += 1
    if (isOperator(tokens[index], ')')) {
      depth -= 1
      if (depth === 0) return index
    }
  }
  return tokens.length - 1
}

/** Parts between commas at the outermost level of `tokens[from, to)`. */
export function splitAtCommas(tokens: readonly SqlToken[], from: number, to: number): readonly (readonly SqlToken[])[] {
  const parts: SqlToken[][] = [[]]
  let depth = 0
  for (const token of tokens.slice(from, to)) {
    if (isOperator(token, '(')) depth += 1
    if (isOperator(token, ')')) depth -= 1
    if (depth === 0 && isOperator(token, ',')) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts.filter((part) => part.length > 0)
}
