import type { Random } from './random'

/** The content of one demo CV. */
export interface CvDocument {
  readonly title: string
  readonly filename: string
  readonly contentType: 'text/plain' | 'text/markdown' | 'application/pdf'
  readonly body: Buffer
}

const professions = [
  'Software engineer',
  'Infirmière',
  'Data analyst',
  'Cuisinier',
  'Architecte d’intérieur',
  'Übersetzer',
  '翻訳者',
  'Électricienne',
  'Teacher',
] as const
const sections = ['Experience', 'Education', 'Languages', 'Publications', 'Loisirs & centres d’intérêt'] as const
const sentences = [
  'Led a team of five through a migration that nobody noticed — as it should be.',
  'A conçu et livré un outil utilisé par 300 personnes chaque jour.',
  'Reduced the time of a nightly job from 4 h to 11 min.',
  'Habilitation électrique B2V, permis C1E.',
  'C1 English, B2 français, A2 日本語.',
  'Speaker at three meet-ups; organiser of one.',
] as const

/** Document number `index` of a person: text or Markdown, and now and then a PDF. */
export function writeCvDocument(random: Random, name: string, index: number): CvDocument {
  const profession = random.pick(professions)
  const title = `${profession} · ${index + 1}`
  const kind = random.pick(['txt', 'md', 'md', 'pdf'] as const)
  const filename = `cv-${index + 1}-${random.letters(4)}.${kind}`
  const lines = [name, profession, '']
  for (const section of sections) {
    if (random.chance(0.3)) continue
    lines.push(kind === 'md' ? `## ${section}` : section.toUpperCase(), '')
    for (let count = random.integer(1, 5); count > 0; count--) lines.push(`- ${random.pick(sentences)}`)
    lines.push('')
  }
  if (kind === 'pdf') return { title, filename, contentType: 'application/pdf', body: writePdf(lines) }
  const text = kind === 'md' ? `# ${lines.join('\n')}` : lines.join('\n')
  return { title, filename, contentType: kind === 'md' ? 'text/markdown' : 'text/plain', body: Buffer.from(text, 'utf8') }
}

/** A one-page PDF with the lines in Helvetica. Its fonts know Latin letters only: others become question marks. */
export function writePdf(lines: readonly string[]): Buffer {
  const shown = lines.map((line) => {
    const latin = line
      .replace(/[—–]/g, '-')
      .replace(/[‘’]/g, "'")
      .replace(/[^ -~\u00a0-\u00ff]/g, '?')
    return `(${latin.replace(/[\\()]/g, '\\$&')}) Tj T*`
  })
  const stream = `BT /F1 11 Tf 14 TL 56 780 Td\n${shown.join('\n')}\nET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
  ]
  let text = '%PDF-1.4\n'
  const offsets = objects.map((object, index) => {
    const offset = text.length
    text += `${index + 1} 0 obj\n${object}\nendobj\n`
    return `${String(offset).padStart(10, '0')} 00000 n \n`
  })
  const start = text.length
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`
  // One byte a character, which is what the offsets above count.
  return Buffer.from(text, 'latin1')
}
