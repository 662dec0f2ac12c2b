import { mutationOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import type { TargetChoice } from '@/components/jobs/job-queries'
import { diagnosisSchema, type Mend } from '@/lib/troubleshooting/diagnosis'

const answerSchema = z.object({ diagnosis: diagnosisSchema })

export interface TestRequest {
  readonly entry: string
  /** Absent: what the app uses now. */
  readonly target?: TargetChoice
}

/** Makes an entry's test; nothing is changed. */
export async function requestTest(body: TestRequest, signal?: AbortSignal) {
  const { diagnosis } = await fetchJson('/api/troubleshooting/tests', answerSchema, {
    method: 'POST',
    body,
    ...(signal === undefined ? {} : { signal }),
  })
  return diagnosis
}

export function testMutation() {
  return mutationOptions({ mutationFn: (request: TestRequest) => requestTest(request) })
}

/** Mends what a test of the active database found; the server may want the password first. */
export async function requestMend(body: { entry: string; mend: Mend }) {
  const { diagnosis } = await fetchJson('/api/troubleshooting/mends', answerSchema, { method: 'POST', body })
  return diagnosis
}
