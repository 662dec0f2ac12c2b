import { createInterface } from 'node:readline/promises'
import { AppError } from '@/lib/core/errors'

/**
 * Has a word typed before a weighty step, as the page does. Not answered (no terminal, end of input) counts as no.
 *
 * @throws AppError CONFIRMATION_REQUIRED when anything else is typed
 */
export async function askWord(word: string): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
  try {
    if ((await Promise.race([terminal.question(`Type ${word} to go on: `), closed])).trim() === word) return
  } finally {
    terminal.close()
  }
  throw new AppError({
    code: 'CONFIRMATION_REQUIRED',
    operation: 'ask for a confirmation',
    message: 'Nothing was changed.',
    hint: `Type ${word} when asked, or give --yes.`,
  })
}
