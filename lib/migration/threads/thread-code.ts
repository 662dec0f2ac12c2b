import { loadThreadCode as load } from '@/lib/core/thread-code'

/** The task thread as one piece of JavaScript, made once a process. */
export function loadThreadCode(): Promise<string> {
  return load(new URL('.', import.meta.url), 'task-thread.ts')
}
