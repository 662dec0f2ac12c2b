import { Ban, CircleAlert, Unplug } from 'lucide-react'

const looks = {
  failed: { Icon: CircleAlert, look: 'bg-danger-soft text-danger-ink' },
  cancelled: { Icon: Ban, look: 'bg-sunken text-ink-soft' },
  interrupted: { Icon: Unplug, look: 'bg-warning-soft text-warning-ink' },
} as const

/** How a migration ended, as a picture beside the words. */
export function EndedIcon({ status }: { status: keyof typeof looks }) {
  const { Icon, look } = looks[status]
  return (
    <span aria-hidden className={`grid size-10 shrink-0 place-items-center rounded-full ${look}`}>
      <Icon className="size-5" />
    </span>
  )
}
