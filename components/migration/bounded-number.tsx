'use client'

import { useState } from 'react'
import { Input } from '@/components/ui/input'

export interface BoundedNumberProps {
  value: number
  bounds: { readonly least: number; readonly most: number }
  step: number
  /** ms or min. */
  unit: string
  onChange: (value: number) => void
}

/** A whole number within bounds. What lies outside stays as it is typed, and is brought back within them when the field is left. */
export function BoundedNumber({ value, bounds: { least, most }, step, unit, onChange }: BoundedNumberProps) {
  const [typed, setTyped] = useState<string | null>(null)
  return (
    <Input
      type="number"
      inputMode="numeric"
      required
      min={least}
      max={most}
      step={step}
      unit={unit}
      className="[appearance:textfield] [&::-webkit-inner-spin-button]:appearance-none"
      value={typed ?? String(value)}
      onValueChange={(text: string) => {
        setTyped(text)
        const number = Math.round(Number(text))
        if (text !== '' && number >= least && number <= most) onChange(number)
      }}
      onBlur={() => {
        if (typed === null) return
        setTyped(null)
        if (typed !== '') onChange(Math.min(most, Math.max(least, Math.round(Number(typed)))))
      }}
    />
  )
}
