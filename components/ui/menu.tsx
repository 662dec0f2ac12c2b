'use client'

import { Menu as BaseMenu } from '@base-ui/react/menu'
import { Check } from 'lucide-react'
import type { ComponentProps, ReactElement, ReactNode } from 'react'
import { classNames } from './class-names'

const itemClasses =
  'flex min-h-8 cursor-default select-none items-center gap-2 rounded-md px-2 py-1.5 text-sm text-ink outline-hidden data-disabled:text-ink-faint data-highlighted:bg-hover max-md:min-h-10 [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-ink-faint'

export interface MenuProps {
  /** The button that opens it, without its behaviour: Menu adds that. */
  trigger: ReactElement
  children: ReactNode
  align?: 'start' | 'center' | 'end'
  side?: 'top' | 'bottom' | 'left' | 'right'
  className?: string
}

/** A menu of actions or choices, with arrow keys, type-ahead and Escape. */
export function Menu({ trigger, children, align = 'end', side = 'bottom', className }: MenuProps) {
  return (
    <BaseMenu.Root modal={false}>
      <BaseMenu.Trigger render={trigger} />
      <BaseMenu.Portal>
        <BaseMenu.Positioner align={align} side={side} sideOffset={6} collisionPadding={8} className="z-50 outline-hidden">
          <BaseMenu.Popup
            className={classNames(
              'min-w-44 origin-[var(--transform-origin)] rounded-lg border border-line bg-surface p-1 shadow-float outline-hidden transition-[opacity,scale] duration-100 data-ending-style:scale-98 data-starting-style:scale-98 data-ending-style:opacity-0 data-starting-style:opacity-0',
              className,
            )}
          >
            {children}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  )
}

export function MenuItem({ className, ...rest }: Omit<ComponentProps<typeof BaseMenu.Item>, 'className'> & { className?: string }) {
  return <BaseMenu.Item className={classNames(itemClasses, className)} {...rest} />
}

/** An item that goes somewhere; give `render={<Link href=… />}`. */
export function MenuLinkItem({ className, ...rest }: Omit<ComponentProps<typeof BaseMenu.LinkItem>, 'className'> & { className?: string }) {
  return <BaseMenu.LinkItem className={classNames(itemClasses, className)} {...rest} />
}

export function MenuSeparator() {
  return <BaseMenu.Separator className="mx-1 my-1 h-px bg-line" />
}

export interface MenuChoice<T extends string> {
  readonly value: T
  readonly label: string
  readonly icon?: ReactNode
}

export interface MenuChoicesProps<T extends string> {
  label: string
  value: T | undefined
  choices: readonly MenuChoice<T>[]
  onChange: (value: T) => void
}

/** One choice of several inside a menu. */
export function MenuChoices<T extends string>({ label, value, choices, onChange }: MenuChoicesProps<T>) {
  return (
    <BaseMenu.RadioGroup value={value ?? ''} onValueChange={(next: T) => onChange(next)}>
      <BaseMenu.Group>
        <BaseMenu.GroupLabel className="px-2 pt-1.5 pb-1 text-ink-faint text-xs">{label}</BaseMenu.GroupLabel>
        {choices.map((choice) => (
          <BaseMenu.RadioItem key={choice.value} value={choice.value} closeOnClick className={itemClasses}>
            {choice.icon}
            <span className="flex-1">{choice.label}</span>
            <BaseMenu.RadioItemIndicator>
              <Check aria-hidden />
            </BaseMenu.RadioItemIndicator>
          </BaseMenu.RadioItem>
        ))}
      </BaseMenu.Group>
    </BaseMenu.RadioGroup>
  )
}
