import { mutationOptions, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'

const cvAnswerSchema = z.object({ cv: z.object({ id: z.string(), title: z.string() }) })
const statusSchema = z.object({ readOnly: z.boolean() })

/** What somebody entered to make a CV. */
export type CvDraft =
  | { readonly way: 'write'; readonly title: string; readonly text: string }
  | { readonly way: 'upload'; readonly title: string; readonly file: File }

/** Whether the app takes writes; asked every five seconds, every two while it does not, so that the banner goes soon. */
export const statusQuery = queryOptions({
  queryKey: ['site', 'status'],
  queryFn: ({ signal }) => fetchJson('/api/status', statusSchema, { signal }),
  refetchInterval: (query) => (query.state.data?.readOnly ? 2_000 : 5_000),
  staleTime: 0,
})

export function addCvMutation() {
  return mutationOptions({
    mutationFn: (draft: CvDraft) => {
      if (draft.way === 'write') {
        return fetchJson('/api/cvs', cvAnswerSchema, { method: 'POST', body: { title: draft.title, text: draft.text } })
      }
      const form = new FormData()
      form.set('title', draft.title)
      form.set('file', draft.file)
      return fetchJson('/api/cvs', cvAnswerSchema, { method: 'POST', form })
    },
  })
}

export function deleteCvMutation() {
  return mutationOptions({
    mutationFn: (id: string) => fetchJson(`/api/cvs/${encodeURIComponent(id)}`, z.unknown(), { method: 'DELETE' }),
  })
}
