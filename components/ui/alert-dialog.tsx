'use client'

import { AlertDialog as BaseAlertDialog } from '@base-ui/react/alert-dialog'
import type { ReactNode, RefObject } from 'react'
import { classNames } from './class-names'
import { backdropClasses, DialogFooter, popupClasses } from './dialog'

export interface AlertDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: ReactNode
  description: ReactNode
  children?: ReactNode
  /** Buttons, the weightiest first: it is shown last and on a phone on top. */
  footer: ReactNode
  /** What has the focus when it opens. Default: the first control. */
  initialFocus?: RefObject<HTMLElement | null>
  className?: string
}

/** Asks before something weighty happens. A press beside it does not close it; Escape and its buttons do. */
export function AlertDialog({ open, onOpenChange, title, description, children, footer, initialFocus, className }: AlertDialogProps) {
  return (
    <BaseAlertDialog.Root open={open} onOpenChange={(next) => onOpenChange(next)}>
      <BaseAlertDialog.Portal>
        <BaseAlertDialog.Backdrop className={backdropClasses} />
        <BaseAlertDialog.Popup className={classNames(popupClasses, className)} {...(initialFocus === undefined ? {} : { initialFocus })}>
          <div className="px-5 pt-4 pb-5">
            <BaseAlertDialog.Title className="font-semibold text-lg">{title}</BaseAlertDialog.Title>
            <BaseAlertDialog.Description className="mt-1 text-ink-soft text-sm">{description}</BaseAlertDialog.Description>
            {children === undefined ? null : <div className="mt-4">{children}</div>}
          </div>
          <DialogFooter>{footer}</DialogFooter>
        </BaseAlertDialog.Popup>
      </BaseAlertDialog.Portal>
    </BaseAlertDialog.Root>
  )
}
