// One way to ask the centre: every failure is an ApiError, a lost session is announced once.
import { ApiError } from './errors'
import type { Problem } from './types'

export const prefix = '/api/v1'

export type Query = Record<string, string | number | boolean | undefined>

let onSignedOut: () => void = () => {}

// whenSignedOut registers what to do when the centre no longer knows the session.
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler
}

// url builds the address of an API path with its query; empty values are left out.
export function url(path: string, query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') params.set(key, String(value))
  }
  const text = params.toString()
  return prefix + path + (text ? `?${text}` : '')
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    return (await response.json()) as Problem
  } catch {
    return {}
  }
}

async function request<T>(method: string, path: string, query?: Query, body?: unknown, signal?: AbortSignal): Promise<T> {
  let response: Response
  try {
    response = await fetch(url(path, query), {
      method,
      credentials: 'same-origin',
      headers: body === undefined ? { Accept: 'application/json' } : { Accept: 'application/json', 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    })
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === 'AbortError') throw failure
    throw new ApiError(0)
  }
  if (!response.ok) {
    const problem = await problemOf(response)
    if (response.status === 401 && path !== '/session') onSignedOut()
    throw new ApiError(response.status, problem)
  }
  const text = await response.text()
  return (text ? JSON.parse(text) : undefined) as T
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => request<T>('GET', path, query, undefined, signal),
  post: <T>(path: string, body: unknown = {}) => request<T>('POST', path, undefined, body),
  patch: <T>(path: string, body: unknown) => request<T>('PATCH', path, undefined, body),
  delete: <T = void>(path: string) => request<T>('DELETE', path),
}

// sessionStands asks whether the session is still known; if not, that is announced. A centre that does
// not answer is no reason to send the person to the login.
export async function sessionStands(): Promise<boolean> {
  try {
    await api.get('/session')
    return true
  } catch (failure) {
    if (!(failure instanceof ApiError) || failure.status !== 401) return true
    onSignedOut()
    return false
  }
}
