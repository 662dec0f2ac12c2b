import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Loads the app's `.env` files into `process.env` as Next does, in its order: `.env.<mode>.local`, `.env.local`,
 * `.env.<mode>`, `.env`. What is set already wins, so a process started by ours sees the same values again.
 *
 * @param root the app's folder, absolute
 */
export function loadEnvFiles(root: string): void {
  const mode = process.env.NODE_ENV === 'production' ? 'production' : 'development'
  for (const name of [`.env.${mode}.local`, '.env.local', `.env.${mode}`, '.env']) {
    const path = join(root, name)
    if (existsSync(path)) process.loadEnvFile(path)
  }
}
