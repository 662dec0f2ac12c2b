import { z } from 'zod'
import type { TargetChoice } from '@/components/jobs/job-queries'

export const savedPrefix = 'saved:'

/** The target form. What a URL must be in full only the server judges; here is what can be said while typing. */
export const targetFormSchema = z
  .object({
    /** environment, form, or `saved:` and the number of a saved target. */
    from: z.string().regex(/^(environment|form|saved:.+)$/),
    url: z.string(),
  })
  .superRefine(({ from, url }, context) => {
    if (from !== 'form') return
    if (url.trim() === '') context.addIssue({ code: 'custom', path: ['url'], message: 'urlRequired' })
    else if (!/^postgres(ql)?:\/\/.+\/.+/.test(url.trim())) context.addIssue({ code: 'custom', path: ['url'], message: 'urlScheme' })
  })

export type TargetForm = z.infer<typeof targetFormSchema>

/** The form's values as requests carry them. */
export function choiceOf({ from, url }: TargetForm): TargetChoice {
  if (from.startsWith(savedPrefix)) return { from: 'saved', id: from.slice(savedPrefix.length) }
  return from === 'environment' ? { from } : { from: 'form', url: url.trim() }
}
