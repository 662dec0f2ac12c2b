'use client'

import { Field as BaseField } from '@base-ui/react/field'
import type { ReactNode } from 'react'
import { classNames } from './class-names'

export interface FieldProps {
  label: ReactNode
  /** What to type, said before anything is wrong. */
  description?: ReactNode
  /** What is wrong; the control is then marked invalid and the text is read out with it. */
  error?: ReactNode
  name?: string
  className?: string
  /** The control: Input, Textarea … */
  children: ReactNode
}

/** A labelled control with its description and its error, tied together for screen readers. */
export function Field({ label, description, error, name, className, children }: FieldProps) {
  const invalid = error !== undefined && error !== null && error !== false && error !== ''
  return (
    <BaseField.Root invalid={invalid} {...(name === undefined ? {} : { name })} className={classNames('flex flex-col gap-1.5', className)}>
      <BaseField.Label className="font-medium text-sm">{label}</BaseField.Label>
      {children}
      {description === undefined ? null : <BaseField.Description className="text-ink-faint text-xs">{description}</BaseField.Description>}
      {invalid ? (
        <BaseField.Error match className="text-danger-ink text-xs">
          {error}
        </BaseField.Error>
      ) : null}
    </BaseField.Root>
  )
}

/** A label by itself, for a control that is not inside a Field. */
export function Label({ htmlFor, children, className }: { htmlFor: string; children: ReactNode; className?: string }) {
  return (
    <label htmlFor={htmlFor} className={classNames('font-medium text-sm', className)}>
      {children}
    </label>
  )
}
