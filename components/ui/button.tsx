'use client'

import { Button as BaseButton } from '@base-ui/react/button'
import { LoaderCircle } from 'lucide-react'
import Link from 'next/link'
import type { ComponentProps, ReactNode } from 'react'
import { type ButtonLook, buttonClasses } from './button-classes'
import { classNames } from './class-names'

export interface ButtonProps extends Omit<ComponentProps<typeof BaseButton>, 'className'>, ButtonLook {
  className?: string
  /** Shows a spinner and ignores presses; the button keeps its name and its place in the tab order. Default: false. */
  pending?: boolean
  /** Icon before the name; decorative. */
  icon?: ReactNode
}

/** A button. `variant` says how weighty the action is: one `primary` a view, `danger` for what cannot be undone. */
export function Button({ className, variant, size, pending = false, icon, children, disabled, type = 'button', ...rest }: ButtonProps) {
  return (
    <BaseButton
      type={type}
      disabled={pending || disabled === true}
      focusableWhenDisabled
      aria-busy={pending || undefined}
      className={classNames(buttonClasses({ variant, size }), className)}
      {...rest}
    >
      {pending ? <LoaderCircle aria-hidden className="animate-spin" /> : icon}
      {children}
    </BaseButton>
  )
}

export interface LinkButtonProps extends Omit<ComponentProps<typeof Link>, 'className'>, ButtonLook {
  className?: string
  icon?: ReactNode
}

/** A link that looks like a button: it goes somewhere and changes nothing. */
export function LinkButton({ className, variant, size, icon, children, ...rest }: LinkButtonProps) {
  return (
    <Link className={classNames(buttonClasses({ variant, size }), className)} {...rest}>
      {icon}
      {children}
    </Link>
  )
}
