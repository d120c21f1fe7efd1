// What is done about an incident: asked again whenever something of it changes.
import { shallowRef, watch, type ShallowRef } from 'vue'
import type { View } from './types'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'

export function useResponse(id: () => string): { view: ShallowRef<View | undefined>; failure: ShallowRef<unknown>; load: () => Promise<void> } {
  const live = useLive()
  const view = shallowRef<View>()
  const failure = shallowRef<unknown>()
  async function load(): Promise<void> {
    const asked = id()
    try {
      const read = await answer(api.GET('/incidents/{id}/responses', { params: { path: { id: asked } } }))
      if (asked !== id()) return
      view.value = read
      failure.value = undefined
    } catch (error) {
      if (asked === id()) failure.value = error
    }
  }
  watch([id, live.cases], ([now], [before]) => {
    if (now !== before) view.value = undefined
    void load()
  }, { immediate: true })
  return { view, failure, load }
}
