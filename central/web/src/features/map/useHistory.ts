// The past of one series, kept up to date by what the live view brings.
import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import { api } from '@/api/client'
import { useLive } from '@/api/live'
import { latestKey } from '@/api/livestate'
import type { SeriesData } from '@/api/types'
import { tail, withTail, type Dot } from './history'

const points = 480

export interface History {
  dots: ComputedRef<Dot[]>
  loading: ShallowRef<boolean>
  failure: ShallowRef<unknown>
  reload: () => void
}

export function useHistory(device: () => string, property: () => string, spanMs: () => number): History {
  const live = useLive()
  const past = shallowRef<Dot[]>([])
  const since = shallowRef<Dot[]>([])
  const loading = shallowRef(false)
  const failure = shallowRef<unknown>()
  let abort: AbortController | undefined

  async function load(): Promise<void> {
    abort?.abort()
    const mine = new AbortController()
    abort = mine
    if (!device() || !property()) return
    loading.value = true
    failure.value = undefined
    const to = live.now()
    try {
      const path = `/telemetry/series/${encodeURIComponent(device())}/${encodeURIComponent(property())}`
      const query = { from: new Date(to - spanMs()).toISOString(), to: new Date(to).toISOString(), points }
      const data = await api.get<SeriesData>(path, query, mine.signal)
      past.value = (data.buckets ?? []).map((b) => ({ at: Date.parse(b.at), value: b.mean, min: b.min, max: b.max }))
    } catch (reason) {
      if (mine.signal.aborted) return
      failure.value = reason
    }
    loading.value = false
  }

  watch([device, property], () => {
    past.value = []
    since.value = []
  })
  watch([device, property, spanMs], () => void load(), { immediate: true })
  watch(
    () => live.latest.get(latestKey(device(), property())),
    (l) => {
      if (l && l.quality < 2) since.value = tail(since.value, { at: Date.parse(l.at), value: l.value, min: l.value, max: l.value })
    },
    { immediate: true },
  )
  // Down-sampled steps fill up; once a minute they are read anew.
  const timer = setInterval(() => void load(), 60_000)
  onScopeDispose(() => {
    clearInterval(timer)
    abort?.abort()
  })
  return { dots: computed(() => withTail(past.value, since.value)), loading, failure, reload: () => void load() }
}
