// One way to ask the centre, typed from its document: every failure is an ApiError, a lost session is
// announced once.
import createClient from 'openapi-fetch'
import { ApiError } from './errors'
import { exerciseHeader, leave, world } from './exercise'
import type { paths } from './schema'
import type { Problem, Sharp } from './types'

export const prefix = '/api/v1'

type Paths = { [P in keyof paths as P extends `${typeof prefix}${infer Rest}` ? Rest : never]: paths[P] }
type Query = Record<string, unknown>

let onSignedOut: () => void = () => {}

// whenSignedOut registers what to do when the centre no longer knows the session.
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler
}

// queryText writes a query; empty values are left out, a list repeats its key.
function queryText(query: Query): string {
  const params = new URLSearchParams()
  for (const [key, values] of Object.entries(query)) {
    for (const value of Array.isArray(values) ? (values as unknown[]) : [values]) {
      if (value !== undefined && value !== null && value !== '') params.append(key, String(value))
    }
  }
  return params.toString()
}

// url is the address of an API path for a link, such as an export.
export function url(path: keyof Paths, query: Query = {}): string {
  const inside = world(path)
  const text = queryText(inside ? { ...query, exercise: inside } : query)
  return prefix + path + (text ? `?${text}` : '')
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    return (await response.json()) as Problem
  } catch {
    return {}
  }
}

// api has one method for each verb; answer turns what it returns into the data or a thrown ApiError.
export const api = createClient<Paths>({ baseUrl: prefix, credentials: 'same-origin', headers: { Accept: 'application/json' }, querySerializer: queryText })

api.use({
  onRequest({ request, schemaPath }) {
    const inside = world(schemaPath)
    if (inside) request.headers.set(exerciseHeader, inside)
  },
  async onResponse({ request, response, schemaPath }) {
    if (response.ok) return
    // A link that has expired is no session.
    if (response.status === 401 && schemaPath !== '/session' && !schemaPath.startsWith('/field/')) onSignedOut()
    const problem = await problemOf(response)
    // The exercise is over, or no longer this person's.
    if (problem.code === 'drill.not_found' && request.headers.has(exerciseHeader)) leave('/plan/drills')
    throw new ApiError(response.status, problem)
  },
  onError({ error }) {
    return error instanceof DOMException && error.name === 'AbortError' ? undefined : new ApiError(0)
  },
})

// answer waits for a request and returns what the centre said, in the console's sharper types.
export async function answer<T>(asked: Promise<{ data?: T }>): Promise<Sharp<NonNullable<T>>> {
  return (await asked).data as Sharp<NonNullable<T>>
}

// sessionStands asks whether the session is still known; if not, that is announced. A centre that does
// not answer is no reason to send the person to the login.
export async function sessionStands(): Promise<boolean> {
  try {
    await answer(api.GET('/session'))
    return true
  } catch (failure) {
    if (!(failure instanceof ApiError) || failure.status !== 401) return true
    onSignedOut()
    return false
  }
}
