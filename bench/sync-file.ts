import { open } from 'node:fs/promises'

/** Waits until a file is on the disk: or whoever comes first would share the disk with what is left to be written of it. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path)
  await file.sync()
  await file.close()
}
