// What is done about an incident: asked again whenever something of it changes.
import type { ShallowRef } from 'vue'
import type { View } from './types'
import { useAsk } from '@/api/ask'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'

export function useResponse(id: () => string): { view: ShallowRef<View | undefined>; failure: ShallowRef<unknown>; load: () => Promise<void> } {
  const live = useLive()
  const { value: view, failure, reload: load } = useAsk(id, (signal) => answer(api.GET('/incidents/{id}/responses', { params: { path: { id: id() } }, signal })), { tick: () => live.cases.value })
  return { view, failure, load }
}
