import { createTranslator } from 'next-intl'
import { expect } from 'vitest'
import { codedMessages } from '@/components/format/coded-messages'
import { wordFinding } from '@/components/jobs/finding-words'
import type { Finding } from '@/lib/core/finding'
import en from '@/messages/en.json' with { type: 'json' }
import fr from '@/messages/fr.json' with { type: 'json' }

const english = codedMessages(createTranslator({ locale: 'en', namespace: 'findings', messages: en }))
const french = codedMessages(createTranslator({ locale: 'fr', namespace: 'findings', messages: fr }))

/** Expects that pages can word every finding from its parameters: in English as the library says it, in French otherwise. */
export function expectWorded(findings: readonly Finding[]): void {
  for (const finding of findings) {
    const { code, message, hint } = finding
    expect({ code, ...wordFinding(english, finding, String) }).toEqual({ code, message, hint, isEnglish: false })
    const words = wordFinding(french, finding, String)
    expect({ code, isEnglish: words.isEnglish, isSame: words.message === message }).toEqual({ code, isEnglish: false, isSame: false })
  }
}
