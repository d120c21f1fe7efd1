// The exceptions by which a rule is off or weaker, asked for again whenever rules have changed.
import { computed } from 'vue'
import { useAsk } from '@/api/ask'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import type { StandingException } from '@/api/types'
import { useSession } from '@/stores/session'

export function useWeakened() {
  const live = useLive()
  const session = useSession()
  const { value, failure, reload: load } = useAsk(() => (session.can('alarm.read') ? 'exceptions' : ''), async (signal) => ((await answer(api.GET('/rule-exceptions', { signal }))).items ?? []) as StandingException[], { tick: () => live.rules.value })
  return { rows: computed(() => value.value ?? []), failure, loaded: computed(() => value.value !== undefined), load }
}
