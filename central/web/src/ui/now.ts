// The centre's clock as a value that ticks once a second, shared by everything that shows time.
import { computed, ref, type ComputedRef, type Ref } from 'vue'
import { held } from '@/api/exercise'
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

// useDueNow is the time against which what is due is shown: that of the centre, or while the exercise of this page is
// paused the moment at which it stopped.
export function useDueNow(): ComputedRef<number> {
  const real = useNow()
  return computed(() => held.value || real.value)
}
