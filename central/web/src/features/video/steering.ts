// The cameras that turn, as the centre last said; asked for once for all pictures of the page, and again when it tells
// that somebody began or ended to turn one.
import { ref, shallowRef, watch, type ShallowRef } from 'vue'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import type { SteerHead } from '@/api/types'

const heads = shallowRef(new Map<string, SteerHead>())
// open is the camera whose controls are shown: one at a time, for the keyboard is one.
const open = ref('')
let asked = ''

async function load(): Promise<void> {
  const list = (await answer(api.GET('/steering'))).items ?? []
  heads.value = new Map(list.map((h) => [h.camera, h]))
}

export function useSteering(): { heads: ShallowRef<Map<string, SteerHead>>; open: typeof open; load: () => Promise<void> } {
  const live = useLive()
  watch(live.steer, (at) => {
    if (!at || asked === at) return
    asked = at
    load().catch(() => { asked = '' }) // asked again with the next word of the centre
  }, { immediate: true })
  return { heads, open, load }
}
