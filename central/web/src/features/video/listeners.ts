// The scenes that can be spoken to, as the centre last said; asked for once for all pictures of the page, and again when
// it tells that somebody began or ended to speak, or that a terminal came or went.
import { createSharedComposable } from '@vueuse/core'
import { computed } from 'vue'
import { useAsk } from '@/api/ask'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'

export const useListeners = createSharedComposable(() => {
  const live = useLive()
  const online = computed(() => [...live.devices.values()].filter((d) => (d.kind === 'edge' || !d.parent) && d.state === 'online').map((d) => d.id).sort().join(' '))
  const { value, reload: load } = useAsk(() => (live.talk.value ? 'talk' : ''), async (signal) => (await answer(api.GET('/talk', { signal }))).items ?? [], { tick: () => [live.talk.value, online.value] })
  const listeners = computed(() => value.value ?? [])
  const byCamera = computed(() => new Map(listeners.value.flatMap((l) => (l.cameras ?? []).map((c) => [c, l] as const))))
  return { listeners, byCamera, load }
})
