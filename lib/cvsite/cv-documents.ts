import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import { AppError } from '@/lib/core/errors'

/** The largest CV that people may store: 5 MB. */
export const maxUploadBytes = 5 * 1024 * 1024

export type CvContentType = 'text/plain' | 'text/markdown' | 'application/pdf'

/** A CV that somebody gives us, checked. */
export interface NewCv {
  readonly title: string
  readonly filename: string
  readonly source: 'WRITTEN' | 'UPLOADED'
  readonly contentType: CvContentType
  readonly content: Buffer
}

export const titleSchema = z.string().trim().min(1).max(120)

/** A CV typed into the form. Its text is bounded in bytes by maxUploadBytes. */
export const writtenCvSchema = z.object({ title: titleSchema, text: z.string().min(1).max(maxUploadBytes) })

/** @throws AppError INVALID_INPUT */
export function writtenCv(input: unknown): NewCv {
  const parsed = writtenCvSchema.safeParse(input)
  if (!parsed.success || parsed.data.text.trim() === '') {
    throw refused('A CV needs a title of at most 120 characters and some text.', 'Fill in both fields.', 'title')
  }
  const { title, text } = parsed.data
  const content = checkedText(Buffer.from(text, 'utf8'))
  return { title, filename: `${safeFilename(title)}.md`, source: 'WRITTEN', contentType: 'text/markdown', content }
}

/**
 * A file that was uploaded. Its kind is told by its content: a PDF begins with `%PDF-`, everything else must be
 * UTF-8 text; what the browser says of it is not believed.
 *
 * @param title '' takes the name of the file
 * @throws AppError INVALID_INPUT: empty, too large, or neither text nor PDF
 */
export function uploadedCv(title: string, filename: string, content: Buffer): NewCv {
  if (content.length === 0) throw refused('The file is empty.', 'Choose another file.', 'file')
  if (content.length > maxUploadBytes) throw tooLarge()
  const name = safeFilename(filename)
  const shown = titleSchema.safeParse(title.trim() || name.replace(/\.[^.]+$/, '')).data
  if (shown === undefined) throw refused('The title is too long.', 'Use at most 120 characters.', 'title')
  if (content.subarray(0, 1024).includes('%PDF-')) {
    return { title: shown, filename: withEnding(name, ['pdf']), source: 'UPLOADED', contentType: 'application/pdf', content }
  }
  const isMarkdown = /\.(md|markdown)$/i.test(name)
  return {
    title: shown,
    filename: isMarkdown ? name : withEnding(name, ['txt', 'text']),
    source: 'UPLOADED',
    contentType: isMarkdown ? 'text/markdown' : 'text/plain',
    content: checkedText(content),
  }
}

/** The same name with a number before its ending: "cv.md" → "cv (2).md". */
export function numberedFilename(filename: string, number: number): string {
  return filename.replace(/(\.[^.]*)?$/, (ending) => ` (${number})${ending}`)
}

export function tooLarge(): AppError {
  return refused(`A CV can have at most ${maxUploadBytes / 1024 / 1024} MB.`, 'Choose a smaller file.', 'file')
}

function checkedText(content: Buffer): Buffer {
  if (content.length > maxUploadBytes) throw tooLarge()
  if (isUtf8(content) && !content.includes(0)) return content
  throw refused('The file is neither text (UTF-8), Markdown nor PDF.', 'Save it as PDF or as text, then try again.', 'file')
}

/** The last part of a path, without what file systems and headers cannot hold; never empty. */
function safeFilename(text: string): string {
  const last = text.split(/[\\/]/).at(-1) ?? ''
  const kept = last
    .normalize('NFC')
    // \p{C}: control characters, direction marks, halves of pairs.
    .replace(/[\p{C}<>:"|?*]/gu, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+|[. ]+$/g, '')
  return [...kept].slice(-100).join('') || 'cv'
}

function withEnding(name: string, endings: readonly string[]): string {
  return endings.some((ending) => name.toLowerCase().endsWith(`.${ending}`)) ? name : `${name}.${endings[0]}`
}

function refused(message: string, hint: string, subject: string): AppError {
  return new AppError({ code: 'INVALID_INPUT', operation: 'add CV', subject, message, hint })
}
