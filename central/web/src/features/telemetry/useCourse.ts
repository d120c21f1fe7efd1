// The course of one series and of those compared with it, read from the centre on one time axis and kept
// up to date while its end is now.
import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import { dotsOf, dotsOfAll, timesOf, type Window } from './course'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import type { Comparison, QualityChoice } from '@/api/types'
import { fromBegin, tail, withTail, type Dot } from '@/ui/series'

export interface CourseWish {
  // own is the key of the series itself, others those beside it: device/property.
  own: () => string
  others: () => readonly string[]
  // window is undefined while there is nothing to ask for; following says that its end is now.
  window: (now: number) => Window | undefined
  following: () => boolean
  // whole says that the window is wanted as it is, though it begin long before the data.
  whole: () => boolean
  quality: () => QualityChoice
}

export interface Course {
  answer: ShallowRef<Comparison | undefined>
  // dots are those of the series itself, with what came since.
  dots: ComputedRef<Dot[]>
  loading: ShallowRef<boolean>
  failure: ShallowRef<unknown>
  reload: () => void
}

const points = 600
const againMs = 60_000
// The worst quality that each choice lets through; 2 and more is bad.
const worst: Record<QualityChoice, number> = { good: 0, usable: 1, all: Number.POSITIVE_INFINITY }

export function useCourse({ own, others, window, following, whole, quality }: CourseWish): Course {
  const live = useLive()
  const course = shallowRef<Comparison>()
  const since = shallowRef<Dot[]>([])
  const loading = shallowRef(true)
  const failure = shallowRef<unknown>()
  let abort: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  async function load(): Promise<void> {
    abort?.abort()
    clearTimeout(timer)
    const asked = window(live.now())
    if (!asked || !own()) {
      loading.value = false
      return
    }
    const mine = new AbortController()
    abort = mine
    loading.value = true
    failure.value = undefined
    try {
      const query = { series: [own(), ...others()], to: new Date(asked.to).toISOString(), points, quality: quality() }
      const read = (from: number) => answer(api.GET('/telemetry/compare', { params: { query: { ...query, from: new Date(from).toISOString() } }, signal: mine.signal }))
      course.value = whole() ? await read(asked.from) : (await fromBegin(asked, read, dotsOfAll)).answer
    } catch (reason) {
      if (mine.signal.aborted) return
      failure.value = reason
    }
    loading.value = false
    if (following()) timer = setTimeout(() => void load(), Math.max(againMs, course.value?.step_ms ?? 0))
  }

  watch([own, quality], () => {
    course.value = undefined
    since.value = []
  })
  watch(() => JSON.stringify([own(), others(), window(0), following(), quality()]), () => void load(), { immediate: true })
  watch(
    () => live.latest.get(own()),
    (l) => {
      if (l && l.quality <= worst[quality()]) since.value = tail(since.value, { at: Date.parse(l.at), value: l.value, min: l.value, max: l.value })
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    abort?.abort()
  })

  const dots = computed(() => {
    const first = course.value?.series?.[0]
    const stored = course.value && first ? dotsOf(timesOf(course.value), first) : []
    return following() ? withTail(stored, since.value, course.value?.step_ms) : stored
  })
  return { answer: course, dots, loading, failure, reload: () => void load() }
}
