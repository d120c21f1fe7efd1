// The past of one series, kept up to date by what the live view brings.
import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { latestKey } from '@/api/livestate'
import { gapped, tail, withTail, type Dot } from '@/ui/series'

export interface Wish {
  device: () => string
  property: () => string
  spanMs: () => number
  // points is how many steps the chart can show.
  points: number
  // wanted is false while nobody looks; then nothing is asked for.
  wanted?: () => boolean
}

export interface History {
  dots: ComputedRef<Dot[]>
  // loading is true from the beginning until the centre has answered.
  loading: ShallowRef<boolean>
  failure: ShallowRef<unknown>
  reload: () => void
}

export const dayMs = 86_400_000
// Down-sampled steps fill up; so often they are read anew.
const againMs = 60_000

export interface Span {
  key: string
  ms: number
}

export const spans: readonly Span[] = [
  { key: '15m', ms: 15 * 60_000 },
  { key: '1h', ms: 3_600_000 },
  { key: '6h', ms: 6 * 3_600_000 },
  { key: '24h', ms: dayMs },
]

export function useHistory({ device, property, spanMs, points, wanted = () => true }: Wish): History {
  const live = useLive()
  const past = shallowRef<Dot[]>([])
  const since = shallowRef<Dot[]>([])
  const step = shallowRef(0)
  const loading = shallowRef(true)
  const failure = shallowRef<unknown>()
  let abort: AbortController | undefined
  let asked = 0

  async function load(): Promise<void> {
    abort?.abort()
    const mine = new AbortController()
    abort = mine
    if (!device() || !property() || !wanted()) return
    loading.value = true
    failure.value = undefined
    asked = Date.now()
    const to = live.now()
    try {
      const query = { from: new Date(to - spanMs()).toISOString(), to: new Date(to).toISOString(), points }
      const data = await answer(api.GET('/telemetry/series/{device}/{property}', { params: { path: { device: device(), property: property() }, query }, signal: mine.signal }))
      step.value = data.step_ms
      past.value = gapped((data.buckets ?? []).map((b) => ({ at: Date.parse(b.at), value: b.mean, min: b.min, max: b.max })))
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
  watch(wanted, (is) => {
    if (is && Date.now() - asked >= againMs) void load()
  })
  watch(
    () => live.latest.get(latestKey(device(), property())),
    (l) => {
      if (l && l.quality < 2) since.value = tail(since.value, { at: Date.parse(l.at), value: l.value, min: l.value, max: l.value })
    },
    { immediate: true },
  )
  const timer = setInterval(() => void load(), againMs)
  onScopeDispose(() => {
    clearInterval(timer)
    abort?.abort()
  })
  return { dots: computed(() => withTail(past.value, since.value, step.value)), loading, failure, reload: () => void load() }
}

// useDay is the last 24 hours of one series.
export function useDay(device: () => string, property: () => string, points: number, wanted?: () => boolean): History {
  return useHistory({ device, property, spanMs: () => dayMs, points, wanted })
}
