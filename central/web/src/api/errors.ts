// What went wrong with a request, and the key of the sentence that says so in the reader's language.

import type { Problem } from './types'

export type { Problem }

export class ApiError extends Error {
  readonly status: number
  readonly problem: Problem

  // status 0: the centre did not answer at all.
  constructor(status: number, problem: Problem = {}) {
    super(problem.detail ?? problem.title ?? `status ${status}`)
    this.name = 'ApiError'
    this.status = status
    this.problem = problem
  }

  get code(): string {
    return this.problem.code ?? ''
  }

  // field returns the complaint about one field, empty when there is none.
  field(name: string): string {
    const hit = this.problem.errors?.find((e) => e.location === name || e.location?.endsWith(`.${name}`))
    return hit?.message ?? ''
  }
}

const byStatus: Record<number, string> = {
  0: 'error.offline',
  400: 'error.invalid',
  401: 'error.signed_out',
  403: 'error.denied',
  404: 'error.not_found',
  409: 'error.conflict',
  413: 'error.too_large',
  422: 'error.invalid',
  429: 'error.too_many',
  502: 'error.unavailable',
  503: 'error.unavailable',
  504: 'error.unavailable',
}

export interface Sentence {
  key: string
  params: Record<string, string>
}

// sentenceOf picks the sentence for a failure: by code when the console knows it, else by status.
export function sentenceOf(failure: unknown, known: (key: string) => boolean): Sentence {
  if (!(failure instanceof ApiError)) {
    return { key: 'error.console', params: { detail: failure instanceof Error ? failure.message : String(failure) } }
  }
  const params = { request: failure.problem.request_id ?? '–', detail: failure.message, status: String(failure.status) }
  // A code may go into detail after its last dot; who has no sentence for that takes the one of the code above.
  for (const code of [failure.code, failure.code.slice(0, failure.code.lastIndexOf('.'))]) {
    const byCode = `error.code.${code.replaceAll('.', '_')}`
    if (code && known(byCode)) return { key: byCode, params }
  }
  return { key: byStatus[failure.status] ?? 'error.internal', params }
}
