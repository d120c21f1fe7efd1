// The alarms of one series, ended ones as well, newest first, as they stand now.
import { computed, watch, type ComputedRef } from 'vue'
import { answer, api } from '@/api/client'
import { useList, type List } from '@/api/list'
import { useLive } from '@/api/live'
import type { Alarm } from '@/api/types'

export interface SensorAlarms {
  list: List<Alarm>
  rows: ComputedRef<Alarm[]>
}

export function useSensorAlarms(device: () => string, property: () => string): SensorAlarms {
  const live = useLive()
  const list = useList(() => ({ q: device(), state: 'all' as const, limit: 200 }), (query, signal) => answer(api.GET('/alarms', { params: { query }, signal })))
  const of = (alarms: Iterable<Alarm>) => [...alarms].filter((a) => a.device === device() && a.property === property())

  // An alarm that has left the live view stands changed at the centre.
  watch(() => of(live.alarms.values()).map((a) => a.id).join(), () => void list.reload())
  const rows = computed(() => {
    const known = new Map(of(list.items.value).map((a) => [a.id, a]))
    for (const alarm of of(live.alarms.values())) known.set(alarm.id, alarm)
    return [...known.values()].sort((a, b) => Date.parse(b.opened_at) - Date.parse(a.opened_at))
  })
  return { list, rows }
}
