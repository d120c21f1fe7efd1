// Where crews, phones and terminals of an incident went, read anew each minute while it is shown; 0 hours ask nothing.
import { useAsk, type Asked } from '@/api/ask'
import { answer, api } from '@/api/client'
import type { components } from '@/api/schema'

export type Trail = components['schemas']['FieldTrail']

export function useWays(incident: () => string, hours: () => number): Asked<Trail> {
  const ask = (signal: AbortSignal) => answer(api.GET('/incidents/{id}/tracks', { params: { path: { id: incident() }, query: { hours: hours() } }, signal }))
  return useAsk(() => (hours() ? `${incident()} ${hours()}` : ''), ask, { everyMs: 60_000 })
}
