// The scenes that can be spoken to, as the centre last said; asked for once for all pictures of the page, and again when
// it tells that somebody began or ended to speak, or that a terminal came or went.
import { computed, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import type { TalkListener } from '@/api/types'

const listeners = shallowRef<TalkListener[]>([])
let asked = ''

async function load(): Promise<void> {
  listeners.value = (await answer(api.GET('/talk'))).items ?? []
}

export interface Listeners {
  listeners: ShallowRef<TalkListener[]>
  byCamera: ComputedRef<Map<string, TalkListener>>
  load: () => Promise<void>
}

export function useListeners(): Listeners {
  const live = useLive()
  const online = computed(() => [...live.devices.values()].filter((d) => (d.kind === 'edge' || !d.parent) && d.state === 'online').map((d) => d.id).sort().join(' '))
  watch([live.talk, online], ([at, who]) => {
    const now = `${at}|${who}`
    if (!at || asked === now) return
    asked = now
    load().catch(() => { asked = '' }) // asked again with the next word of the centre
  }, { immediate: true })
  const byCamera = computed(() => new Map(listeners.value.flatMap((l) => (l.cameras ?? []).map((c) => [c, l] as const))))
  return { listeners, byCamera, load }
}
