// What the centre is asked for again and again while somebody looks. A failure keeps what was read before and says
// since when it is old: PollLine shows it.
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { useLive } from '@/api/live'

export interface Poll<T> {
  value: ShallowRef<T | undefined>
  // failure is why the newest question had no answer; the value then is of readAt.
  failure: ShallowRef<unknown>
  // readAt is when the value was read, by the centre's clock in milliseconds; 0 while there is none.
  readAt: Ref<number>
  loading: Ref<boolean>
  reload: () => Promise<void>
}

// usePoll asks when the key changes, which forgets the old value, and every so many milliseconds after; an empty
// key asks nothing. idle tells that nothing new can come, and rests.
export function usePoll<T>(key: () => string, ask: (signal: AbortSignal) => Promise<T>, everyMs: number, idle: () => boolean = () => false): Poll<T> {
  const live = useLive()
  const value = shallowRef<T>()
  const failure = shallowRef<unknown>()
  const readAt = ref(0)
  const loading = ref(false)
  let abort: AbortController | undefined

  async function reload(): Promise<void> {
    abort?.abort()
    if (!key()) return
    const mine = new AbortController()
    abort = mine
    loading.value = true
    try {
      const read = await ask(mine.signal)
      if (abort !== mine) return
      value.value = read
      readAt.value = live.now()
      failure.value = undefined
    } catch (error) {
      if (abort !== mine) return
      failure.value = error
    }
    loading.value = false
  }

  watch(key, () => {
    value.value = undefined
    readAt.value = 0
    failure.value = undefined
    void reload()
  }, { immediate: true })
  // A slow answer is waited for, not asked for twice.
  const timer = setInterval(() => {
    if (!loading.value && !idle()) void reload()
  }, everyMs)
  onScopeDispose(() => {
    clearInterval(timer)
    abort?.abort()
    abort = undefined
  })
  return { value, failure, readAt, loading, reload }
}
