import { classNames } from './class-names'

/** A grey shape where something will be. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={classNames('block animate-pulse rounded-md bg-hover', className)} />
}

export interface SkeletonBlockProps {
  /** What a screen reader hears while it waits. */
  label: string
  rows?: number
  className?: string
}

/** Several lines of what will be there. */
export function SkeletonBlock({ label, rows = 4, className }: SkeletonBlockProps) {
  return (
    <div role="status" aria-busy="true" className={classNames('flex flex-col gap-3', className)}>
      <span className="sr-only">{label}</span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: identical shapes with no identity
        <Skeleton key={row} className={classNames('h-4', row % 3 === 2 ? 'w-2/3' : 'w-full')} />
      ))}
    </div>
  )
}
