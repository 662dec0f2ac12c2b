import { classNames } from './class-names'

const tones = {
  neutral: 'bg-ink-faint',
  success: 'bg-success',
  warning: 'bg-warning',
  danger: 'bg-danger',
  sqlite: 'bg-sqlite',
  postgres: 'bg-postgres',
} as const

/** A coloured dot beside words that say the same. */
export function StatusDot({ tone, pulse = false }: { tone: keyof typeof tones; pulse?: boolean }) {
  return <span aria-hidden className={classNames('size-2 shrink-0 rounded-full', tones[tone], pulse && 'animate-pulse')} />
}
