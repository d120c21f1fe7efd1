// The centre's clock as a value that ticks once a second, shared by everything that shows time.
import { ref, type Ref } from 'vue'
import { useLive } from '@/api/live'

const now = ref(Date.now())
let ticking: ReturnType<typeof setInterval> | undefined

export function useNow(): Ref<number> {
  const live = useLive()
  ticking ??= setInterval(() => {
    now.value = live.now()
  }, 1000)
  return now
}
