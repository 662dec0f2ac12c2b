import { describe, expect, it } from 'vitest'
import { chooseLocale } from './locales'

describe('the language of a page', () => {
  it('is the one chosen, whatever the browser asks for', () => {
    expect(chooseLocale('fr', 'en')).toBe('fr')
    expect(chooseLocale('xx', 'fr')).toBe('fr')
  })

  it('is the best of what the browser asks for, by weight', () => {
    expect(chooseLocale(undefined, 'fr-CA,fr;q=0.9,en;q=0.8')).toBe('fr')
    expect(chooseLocale(undefined, 'de;q=1, en;q=0.3, fr;q=0.7')).toBe('fr')
    expect(chooseLocale(undefined, 'fr;q=0, en')).toBe('en')
  })

  it('is English where nothing fits', () => {
    for (const header of [null, '', '*', 'de-DE', ';;;q=']) expect(chooseLocale(undefined, header)).toBe('en')
  })
})
