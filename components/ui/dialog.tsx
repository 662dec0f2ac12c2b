'use client'

import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from './class-names'

export const backdropClasses =
  'fixed inset-0 z-40 bg-overlay transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0'

export const popupClasses =
  'fixed inset-x-4 top-[8dvh] z-50 mx-auto flex max-h-[84dvh] max-w-lg scroll-pb-44 flex-col overflow-y-auto rounded-xl border border-line bg-surface shadow-float outline-hidden transition-[opacity,scale] duration-150 data-ending-style:scale-98 data-starting-style:scale-98 data-ending-style:opacity-0 data-starting-style:opacity-0'

export interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: ReactNode
  description?: ReactNode
  /** Accessible name of the closing button. */
  closeLabel: string
  children: ReactNode
  /** Buttons of the last line; the weightiest last. */
  footer?: ReactNode
  /** What it shows is shown once: Escape and a press beside it do not close it, its buttons do. Default: false. */
  staysOpen?: boolean
  className?: string
}

/** A dialog over the page: focus stays in it, Escape closes it, focus returns to where it was. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  closeLabel,
  children,
  footer,
  staysOpen = false,
  className,
}: DialogProps) {
  return (
    <BaseDialog.Root
      open={open}
      onOpenChange={(next, { reason }) => {
        if (next || !staysOpen || reason === 'close-press') onOpenChange(next)
      }}
    >
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className={backdropClasses} />
        <BaseDialog.Popup className={classNames(popupClasses, className)}>
          <div className="pt-4 pr-12 pb-3 pl-5">
            <div>
              <BaseDialog.Title className="font-semibold text-lg">{title}</BaseDialog.Title>
              {description === undefined ? null : (
                <BaseDialog.Description className="mt-1 text-ink-soft text-sm">{description}</BaseDialog.Description>
              )}
            </div>
          </div>
          <div className="px-5 pb-5">{children}</div>
          {footer === undefined ? null : <DialogFooter>{footer}</DialogFooter>}
          {/* Last in the order of the tab key, so that the first control of the content has the focus at first. */}
          <BaseDialog.Close
            aria-label={closeLabel}
            className="absolute top-3 right-3 grid size-8 place-items-center rounded-md text-ink-faint hover:bg-hover hover:text-ink"
          >
            <X aria-hidden className="size-4" />
          </BaseDialog.Close>
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}

/** Last line of a dialog, in sight while the rest is scrolled where there is the height for both. On a phone the buttons take the whole width, the weightiest on top. */
export function DialogFooter({ children }: { children: ReactNode }) {
  return (
    <div className="flex flex-row-reverse flex-wrap justify-start gap-2 border-line border-t bg-sunken px-5 py-3 max-sm:flex-col [@media(min-height:40rem)]:sticky [@media(min-height:40rem)]:bottom-0 [&>*]:max-sm:h-10">
      {children}
    </div>
  )
}
