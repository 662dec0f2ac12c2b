'use client'

import { Checkbox as BaseCheckbox } from '@base-ui/react/checkbox'
import { Check } from 'lucide-react'
import { type ReactNode, useId } from 'react'

export interface CheckboxProps {
  checked: boolean
  onCheckedChange: (checked: boolean) => void
  label: ReactNode
  description?: ReactNode
  disabled?: boolean
}

/** A choice of yes or no with its label to the right. */
export function Checkbox({ checked, onCheckedChange, label, description, disabled = false }: CheckboxProps) {
  const id = useId()
  return (
    <div className="flex items-start gap-2.5">
      <BaseCheckbox.Root
        aria-labelledby={`${id}-label`}
        {...(description === undefined ? {} : { 'aria-describedby': `${id}-description` })}
        checked={checked}
        disabled={disabled}
        onCheckedChange={(value) => onCheckedChange(value)}
        className="mt-0.5 grid size-4 shrink-0 place-items-center rounded border border-control bg-surface data-checked:border-primary data-checked:bg-primary data-disabled:opacity-50"
      >
        <BaseCheckbox.Indicator className="text-on-primary data-unchecked:hidden">
          <Check aria-hidden className="size-3" strokeWidth={3} />
        </BaseCheckbox.Indicator>
      </BaseCheckbox.Root>
      <div className="flex flex-col">
        {/* The control is labelled by id; a press on the text is a courtesy for the mouse. */}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the checkbox beside it is the keyboard's way */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the checkbox beside it is the keyboard's way */}
        <span id={`${id}-label`} className="font-medium text-sm" onClick={() => !disabled && onCheckedChange(!checked)}>
          {label}
        </span>
        {description === undefined ? null : (
          <span id={`${id}-description`} className="text-ink-faint text-xs">
            {description}
          </span>
        )}
      </div>
    </div>
  )
}
