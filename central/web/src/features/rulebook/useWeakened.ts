// The exceptions by which a rule is off or weaker, asked for again whenever rules have changed.
import { ref, shallowRef, watch } from 'vue'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import type { StandingException } from '@/api/types'
import { useSession } from '@/stores/session'

export function useWeakened() {
  const live = useLive()
  const session = useSession()
  const rows = shallowRef<StandingException[]>([])
  const failure = shallowRef<unknown>()
  const loaded = ref(false)

  async function load(): Promise<void> {
    if (!session.can('alarm.read')) return
    try {
      rows.value = ((await answer(api.GET('/rule-exceptions'))).items ?? []) as StandingException[]
      failure.value = undefined
      loaded.value = true
    } catch (error) {
      failure.value = error
    }
  }
  watch(live.rules, () => void load(), { immediate: true })
  return { rows, failure, loaded, load }
}
