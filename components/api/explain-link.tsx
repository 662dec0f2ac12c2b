'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { classNames } from '@/components/ui/class-names'

export interface ExplainLinkProps {
  /** Code of an error of ours. */
  code: string
  className?: string
}

/** From an error to its entry: cause, a test that runs here and now, remedy. Only administrators have that page. */
export function ExplainLink({ code, className }: ExplainLinkProps) {
  const t = useTranslations('common')
  if (!usePathname().startsWith('/admin')) return null
  return (
    <Link
      href={`/admin/troubleshooting#${code}`}
      className={classNames('rounded text-ink-soft text-xs underline underline-offset-4 hover:text-ink', className)}
    >
      {t('explainError')}
    </Link>
  )
}
