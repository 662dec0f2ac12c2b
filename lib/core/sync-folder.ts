import { open } from 'node:fs/promises'

/** Waits until the names in a folder are on the disk: without it a file just renamed may be gone after a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder for this and needs no such call.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
