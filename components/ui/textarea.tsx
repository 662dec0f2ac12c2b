'use client'

import { Field } from '@base-ui/react/field'
import type { ComponentProps } from 'react'
import { classNames } from './class-names'
import { controlClasses } from './input'

/** Several lines of text. Inside a Field it takes its label, description and error from there. */
export function Textarea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <Field.Control render={<textarea className={classNames(controlClasses, 'min-h-24 px-2.5 py-2 text-sm', className)} {...rest} />} />
}
