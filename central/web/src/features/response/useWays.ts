// Where crews, phones and terminals of an incident went, read anew each minute while it is shown.
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import { answer, api } from '@/api/client'
import type { components } from '@/api/schema'

export type Trail = components['schemas']['FieldTrail']
const everyMs = 60_000

export function useWays(incident: () => string, hours: () => number): { trail: ShallowRef<Trail | undefined>; failure: ShallowRef<unknown>; load: () => Promise<void> } {
  const trail = shallowRef<Trail>()
  const failure = shallowRef<unknown>()
  async function load(): Promise<void> {
    const [id, back] = [incident(), hours()]
    if (!back) return
    try {
      const read = await answer(api.GET('/incidents/{id}/tracks', { params: { path: { id }, query: { hours: back } } }))
      if (id !== incident() || back !== hours()) return
      trail.value = read
      failure.value = undefined
    } catch (error) {
      if (id === incident() && back === hours()) failure.value = error
    }
  }
  watch([incident, hours], () => {
    trail.value = failure.value = undefined
    void load()
  }, { immediate: true })
  const again = setInterval(() => void load(), everyMs)
  onScopeDispose(() => clearInterval(again))
  return { trail, failure, load }
}
