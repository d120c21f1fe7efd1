// The past of the series of one tile: one request for all of them, then what the live view brings. Nothing is
// asked again while the connection stands.
import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import { answer, api } from '@/api/client'
import { ApiError } from '@/api/errors'
import { useLive } from '@/api/live'
import type { Compared, Comparison } from '@/api/types'
import { dotsOf, dotsOfAll, timesOf } from '@/features/telemetry/course'
import { useNow } from '@/ui/now'
import { fromBegin, tail, withTail, type Dot } from '@/ui/series'

const points = 300
const minuteMs = 60_000

export interface Past {
  // lines has what could be read of each series, in the order of the keys.
  lines: ComputedRef<{ key: string; of: Compared | undefined; dots: Dot[] }[]>
  // before is the first series as it was so much earlier, moved onto the same axis.
  before: ComputedRef<Dot[]>
  window: ComputedRef<{ from: number; to: number }>
  loading: ShallowRef<boolean>
  failure: ShallowRef<unknown>
  reload: () => void
}

// usePast follows the keys (device/property) over a span of milliseconds that ends now; shift is how much
// earlier the first of them is shown as well, 0 for not at all.
export function usePast(keys: () => readonly string[], span: () => number, shift: () => number): Past {
  const live = useLive()
  const now = useNow()
  const read = shallowRef<Comparison>()
  const earlier = shallowRef<Comparison>()
  const since = shallowRef<ReadonlyMap<string, Dot[]>>(new Map())
  // begin is where the data begin, when they are younger than the span; 0 otherwise.
  const begin = shallowRef(0)
  const loading = shallowRef(false)
  const failure = shallowRef<unknown>()
  let abort: AbortController | undefined

  // A series that is gone or may not be seen must not cost the tile.
  const known = computed(() => keys().filter((k) => live.devices.has(k.split('/')[0] ?? '')))

  async function ask(series: readonly string[], from: number, to: number, signal: AbortSignal): Promise<Comparison> {
    const query = { series: [...series], from: new Date(from).toISOString(), to: new Date(to).toISOString(), points }
    return answer(api.GET('/telemetry/compare', { params: { query }, signal }))
  }
  async function load(): Promise<void> {
    abort?.abort()
    failure.value = undefined
    const first = known.value[0]
    if (!first || !live.ready.value) {
      read.value = undefined
      return
    }
    const mine = new AbortController()
    abort = mine
    loading.value = true
    try {
      const to = live.now()
      const asked = { from: to - span(), to }
      const whole = shift() > 0
      const got = whole ? { answer: await ask(known.value, asked.from, to, mine.signal), from: asked.from } : await fromBegin(asked, (from) => ask(known.value, from, to, mine.signal), dotsOfAll)
      read.value = got.answer
      begin.value = got.from === asked.from ? 0 : got.from
      earlier.value = whole ? await ask([first], asked.from - shift(), to - shift(), mine.signal) : undefined
    } catch (error) {
      if (mine.signal.aborted) return
      failure.value = error instanceof ApiError ? error : new ApiError(0)
    }
    loading.value = false
  }
  // Again only for another question, or after the connection was away.
  watch([() => known.value.join(), span, shift, live.connected], () => {
    if (live.connected.value) void load()
  }, { immediate: true })
  watch(
    () => known.value.map((k) => live.latest.get(k)?.at).join(),
    () => {
      const next = new Map(since.value)
      for (const key of known.value) {
        const l = live.latest.get(key)
        if (l && l.quality <= 1) next.set(key, tail(next.get(key) ?? [], { at: Date.parse(l.at), value: l.value, min: l.value, max: l.value }))
      }
      since.value = next
    },
    { immediate: true },
  )
  onScopeDispose(() => abort?.abort())

  // The axis moves once a minute, not with every second.
  const end = computed(() => Math.ceil(now.value / minuteMs) * minuteMs)
  const window = computed(() => ({ from: Math.max(end.value - span(), begin.value), to: end.value }))
  const lines = computed(() =>
    keys().map((key) => {
      const of = (read.value?.series ?? []).find((s) => `${s.device}/${s.property}` === key)
      const dots = withTail(of && read.value ? dotsOf(timesOf(read.value), of) : [], since.value.get(key) ?? [], read.value?.step_ms)
      return { key, of, dots: dots.filter((d) => d.at >= window.value.from) }
    }),
  )
  const before = computed(() => {
    const of = earlier.value?.series?.[0]
    return of && earlier.value ? dotsOf(timesOf(earlier.value).map((at) => at + shift()), of).filter((d) => d.at >= window.value.from && d.at <= window.value.to) : []
  })
  return { lines, before, window, loading, failure, reload: () => void load() }
}
