// The cameras that turn, as the centre last said; asked for once for all pictures of the page, and again when it tells
// that somebody began or ended to turn one.
import { createSharedComposable } from '@vueuse/core'
import { computed, ref } from 'vue'
import { useAsk } from '@/api/ask'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'

// open is the camera whose controls are shown: one at a time, for the keyboard is one.
const open = ref('')

export const useSteering = createSharedComposable(() => {
  const live = useLive()
  const { value, reload: load } = useAsk(() => (live.steer.value ? 'steer' : ''), async (signal) => (await answer(api.GET('/steering', { signal }))).items ?? [], { tick: () => live.steer.value })
  return { heads: computed(() => new Map((value.value ?? []).map((h) => [h.camera, h]))), open, load }
})
