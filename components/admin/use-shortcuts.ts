'use client'

import { useRouter } from 'next/navigation'
import { useEffect, useRef } from 'react'
import { navigation } from './navigation'

/** How long the second key of a shortcut is waited for. */
const sequenceMs = 1_000

/**
 * `g` then a letter goes to a page, `/` goes to the page's search field (`data-page-search`), `?` asks for help.
 * Nothing happens while a text field, a menu or a dialog has the focus, or with a modifier held.
 */
export function useShortcuts(onHelp: () => void): void {
  const router = useRouter()
  const help = useRef(onHelp)
  help.current = onHelp

  useEffect(() => {
    let prefixAt = 0
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isBusyTarget(event.target)) return
      const item = event.timeStamp - prefixAt < sequenceMs ? navigation.find((entry) => entry.key === event.key) : undefined
      prefixAt = event.key === 'g' ? event.timeStamp : 0
      if (item) {
        event.preventDefault()
        router.push(item.href)
      } else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('[data-page-search]')
        if (!search) return
        event.preventDefault()
        search.focus()
        search.select()
      } else if (event.key === '?') {
        event.preventDefault()
        help.current()
      }
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [router])
}

function isBusyTarget(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable], [role=menu], [role=dialog], [role=alertdialog]') !== null
  )
}
