import { cva, type VariantProps } from 'class-variance-authority'

/** The look of buttons and of links that look like buttons; usable in server components. */
export const buttonClasses = cva(
  'relative inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors duration-100 data-disabled:cursor-not-allowed data-disabled:opacity-55 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary: 'bg-primary text-on-primary hover:bg-primary-hover',
        secondary: 'border border-line-strong bg-surface text-ink shadow-card hover:bg-hover',
        quiet: 'text-ink-soft hover:bg-hover hover:text-ink',
        danger: 'bg-danger text-white hover:bg-danger-hover',
        link: 'h-auto! px-0! text-info-ink underline-offset-4 hover:underline',
      },
      size: {
        small: 'h-7 px-2.5 text-sm',
        medium: 'h-8 px-3 text-sm max-md:h-9',
        large: 'h-10 px-4 text-base',
        icon: 'size-8 max-md:size-9',
      },
    },
    defaultVariants: { variant: 'secondary', size: 'medium' },
  },
)

export type ButtonLook = VariantProps<typeof buttonClasses>
