// The roll-calls that ask the own desk now, asked for again whenever the desk changes.
import { createGlobalState } from '@vueuse/core'
import { computed } from 'vue'
import { useAsk } from '@/api/ask'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { useSession } from '@/stores/session'

export const useCalls = createGlobalState(() => {
  const live = useLive()
  const session = useSession()
  const { value, reload: load, put } = useAsk(() => (session.can('duty.log') ? (session.user?.id ?? '') : ''), async (signal) => (await answer(api.GET('/rollcalls/mine', { signal }))).items ?? [], { tick: () => live.desk.value })
  const posts = computed(() => value.value ?? [])
  return {
    posts,
    load,
    // answered takes away the post that was just answered.
    answered: (id: string) => put(posts.value.filter((p) => p.id !== id)),
  }
})
