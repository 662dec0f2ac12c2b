'use client'

import { usePathname } from 'next/navigation'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { InSight } from '@/components/ui/in-sight'
import { ExplainLink } from './explain-link'
import { useErrorText } from './use-error-text'

export interface ErrorPanelProps {
  error: unknown
  /** Shows "Try again". */
  onRetry?: () => void
  /** Further buttons. */
  actions?: ReactNode
  /** Whether it appears in answer to what the person did just now, and is then read out at once. Default: false. */
  announce?: boolean
  className?: string
}

/** An error with its remedy; the server's own words and the code are one press away. */
export function ErrorPanel({ error, onRetry, actions, announce = false, className }: ErrorPanelProps) {
  const common = useTranslations('common')
  const text = useErrorText()(error)
  // Only administrators have the page that explains it.
  const isAdminArea = usePathname().startsWith('/admin')
  const panel = (
    <Callout
      tone="danger"
      title={text.title}
      {...(announce ? { live: 'alert' as const } : {})}
      {...(className === undefined ? {} : { className })}
      actions={
        onRetry === undefined && actions === undefined ? undefined : (
          <>
            {onRetry === undefined ? null : <Button onClick={onRetry}>{common('retry')}</Button>}
            {actions}
          </>
        )
      }
    >
      <p>{text.body}</p>
      <p className="mt-1 font-medium text-ink">{text.hint}</p>
      {isAdminArea ? (
        <p className="mt-1.5">
          <ExplainLink code={text.code} />
        </p>
      ) : null}
      <details className="mt-2 text-xs">
        <summary className="w-fit cursor-pointer rounded text-ink-soft">{common('detailsEnglish')}</summary>
        <p lang="en" className="mt-1 whitespace-pre-wrap break-words font-mono">
          {text.code}
          {text.subject === undefined ? '' : ` · ${text.subject}`}
          {`\n${text.detail}`}
        </p>
      </details>
    </Callout>
  )
  return announce ? <InSight>{panel}</InSight> : panel
}
