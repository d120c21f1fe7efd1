// What was measured around an alarm: from an hour before it until an hour after it ended, or until now.
import { computed, shallowRef, watch, type ComputedRef } from 'vue'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { latestKey } from '@/api/livestate'
import type { Alarm } from '@/api/types'
import { useSession } from '@/stores/session'
import { useNow } from '@/ui/now'
import { usePoll, type Poll } from '@/ui/poll'
import { gapped, tail, withTail, type Dot } from '@/ui/series'

const aroundMs = 3_600_000
const againMs = 60_000
const points = 400

export interface Around {
  dots: ComputedRef<Dot[]>
  // window moves with the clock while the alarm lasts, so that one sees for how long nothing has come.
  window: ComputedRef<{ from: number; to: number }>
  poll: Poll<Dot[]>
}

export function useAround(alarm: () => Alarm): Around {
  const live = useLive()
  const now = useNow()
  const session = useSession()
  const since = shallowRef<Dot[]>([])
  const step = shallowRef(0)

  const end = computed(() => {
    const { state, returned_at: returned } = alarm()
    return state !== 'open' && returned ? Date.parse(returned) + aroundMs : Number.POSITIVE_INFINITY
  })
  const window = computed(() => ({ from: Date.parse(alarm().opened_at) - aroundMs, to: Math.min(now.value, end.value) }))
  const following = computed(() => now.value < end.value)

  const poll = usePoll(
    () => (session.can('telemetry.read') ? alarm().id : ''),
    async (signal) => {
      const { device, property } = alarm()
      const query = { from: new Date(window.value.from).toISOString(), to: new Date(Math.min(live.now(), end.value)).toISOString(), points }
      const read = await answer(api.GET('/telemetry/series/{device}/{property}', { params: { path: { device, property }, query }, signal }))
      step.value = read.step_ms
      return gapped((read.buckets ?? []).map((b) => ({ at: Date.parse(b.at), value: b.mean, min: b.min, max: b.max })))
    },
    againMs,
    () => !following.value,
  )
  watch(
    () => live.latest.get(latestKey(alarm().device, alarm().property)),
    (l) => {
      if (l && l.quality < 2) since.value = tail(since.value, { at: Date.parse(l.at), value: l.value, min: l.value, max: l.value })
    },
    { immediate: true },
  )
  const dots = computed(() => withTail(poll.value.value ?? [], since.value, step.value).filter((d) => d.at <= window.value.to))
  return { dots, window, poll }
}
