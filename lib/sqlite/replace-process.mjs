/**
 * Overwrites one SQLite file with the content of another, in a process of its own (see replace-content.ts). The online
 * backup API writes into the live file as one transaction: whoever has it open sees the old content until the end and the
 * new content after it, and a process that is killed in between leaves the old one.
 */
import Database from 'better-sqlite3'

process.on('disconnect', () => process.exit(1))
process.once('message', async ({ from, to }) => {
  let answer = {}
  try {
    const source = new Database(from, { readonly: true, fileMustExist: true })
    // All pages in one step: between steps others could look at a half of it only through the journal, but would wait.
    await source.backup(to, { progress: () => 0x7fffffff })
    source.close()
  } catch (error) {
    answer = { error: { code: error.code ?? '', message: error.message } }
  }
  process.send(answer, () => process.disconnect())
})
