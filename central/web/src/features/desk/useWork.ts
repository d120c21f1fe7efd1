// What lies at the own desk and has to be moved on, loaded once for the list of needs, the rail and the sound.
import { createGlobalState } from '@vueuse/core'
import { computed, type ComputedRef } from 'vue'
import { tasksOf, type Work } from './need'
import { useAsk } from '@/api/ask'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { cameBack } from '@/features/handover/running'
import { useDue } from '@/features/handover/useDue'
import type { Hop } from '@/features/report/types'
import { useReports } from '@/features/report/useReports'
import { useSession } from '@/stores/session'

// stand leaves the reports that came back whose incident was neither merged nor withdrawn meanwhile.
async function stand(hops: readonly Hop[], signal: AbortSignal): Promise<Hop[]> {
  const states = await Promise.all(hops.map((h) => answer(api.GET('/incidents/{id}', { params: { path: { id: h.incident_id } }, signal })).then((i) => i.state, () => 'open')))
  return hops.filter((_, n) => states[n] === 'open' || states[n] === 'closed')
}

export const useWork = createGlobalState((): ComputedRef<Work> => {
  const live = useLive()
  const session = useSession()
  const clocks = useDue()
  const { waiting, desk } = useReports()
  // The next person may belong to another desk.
  const who = () => session.user?.id ?? ''
  const { value: read } = useAsk(who, async (signal) => {
    const found = session.can('incident.write') ? ((await answer(api.GET('/intake', { params: { query: { state: 'waiting', limit: 200 } }, signal }))).items ?? []) : []
    const board = session.can('report.write') || session.can('report.order') ? ((await answer(api.GET('/report-tasks', { params: { query: {} }, signal }))).items ?? []) : []
    return { items: found.filter((i) => i.org_id === session.user?.org_id), board }
  }, { tick: () => live.cases.value })
  const { value: returned } = useAsk(who, (signal) => stand(session.can('report.write') ? cameBack(desk.value?.sent ?? []) : [], signal), { tick: () => desk.value })
  const { value: rooms } = useAsk(who, async (signal) => (session.can('consult.join') ? ((await answer(api.GET('/consults', { params: { query: { waiting: true } }, signal }))).items ?? []) : []), { tick: () => live.rooms.value })
  return computed(() => ({
    loaded: read.value !== undefined && rooms.value !== undefined,
    clocks: clocks.value,
    hops: waiting.value,
    returned: returned.value ?? [],
    tasks: tasksOf(read.value?.board ?? [], session.user?.org_id, { do: session.can('report.write'), close: session.can('report.order') }),
    items: read.value?.items ?? [],
    rooms: rooms.value ?? [],
  }))
})
