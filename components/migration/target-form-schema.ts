import { z } from 'zod'
import type { TargetChoice } from '@/components/jobs/job-queries'

/** The target form. What a URL must be in full only the server judges; here is what can be said while typing. */
export const targetFormSchema = z
  .object({ from: z.enum(['environment', 'form']), url: z.string() })
  .superRefine(({ from, url }, context) => {
    if (from === 'environment') return
    if (url.trim() === '') context.addIssue({ code: 'custom', path: ['url'], message: 'urlRequired' })
    else if (!/^postgres(ql)?:\/\/.+\/.+/.test(url.trim())) context.addIssue({ code: 'custom', path: ['url'], message: 'urlScheme' })
  })

export type TargetForm = z.infer<typeof targetFormSchema>

/** The form's values as requests carry them. */
export function choiceOf({ from, url }: TargetForm): TargetChoice {
  return from === 'environment' ? { from } : { from, url: url.trim() }
}
