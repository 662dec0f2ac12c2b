import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Something in a folder that is not a folder itself. */
export interface WalkedFile {
  /** Relative to the folder that was walked, with `/` between its parts. */
  readonly path: string
  /** False for links, sockets and devices. */
  readonly isFile: boolean
}

/**
 * Everything below a folder in the order of the bytes of its path, as `ORDER BY path COLLATE "C"` has it, so that it can be
 * merged with rows of a database. Holds the names of one folder at a time and level. Links are not followed.
 *
 * @throws what readdir throws: ENOENT, EACCES
 */
export async function* walkFolder(folder: string, below = ''): AsyncGenerator<WalkedFile> {
  const entries = await readdir(join(/*turbopackIgnore: true*/ folder, below), { withFileTypes: true })
  // A folder counts with its slash: `ab.txt` comes before what is in `ab`.
  const named = entries.map((entry) => ({ entry, name: entry.isDirectory() ? `${entry.name}/` : entry.name }))
  for (const { entry, name } of named.sort((a, b) => compareBytes(a.name, b.name))) {
    if (entry.isDirectory()) yield* walkFolder(folder, `${below}${name}`)
    else yield { path: `${below}${name}`, isFile: entry.isFile() }
  }
}

/** Order of the UTF-8 bytes; the order of JavaScript's own strings is another one beyond U+FFFF. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
