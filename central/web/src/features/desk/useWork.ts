// What lies at the own desk and has to be moved on, loaded once for the list of needs, the rail and the sound.
import { computed, effectScope, ref, shallowRef, watch, type ComputedRef } from 'vue'
import { tasksOf, type Item, type Work } from './need'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { cameBack } from '@/features/handover/running'
import { useDue } from '@/features/handover/useDue'
import type { Hop, Task } from '@/features/report/types'
import { useReports } from '@/features/report/useReports'
import { useSession } from '@/stores/session'

const items = shallowRef<Item[]>([])
const board = shallowRef<Task[]>([])
const returned = shallowRef<Hop[]>([])
const loaded = ref(false)
let following = false

async function load(): Promise<void> {
  const session = useSession()
  try {
    const found = session.can('incident.write') ? ((await answer(api.GET('/intake', { params: { query: { state: 'waiting', limit: 200 } } }))).items ?? []) : []
    items.value = found.filter((i) => i.org_id === session.user?.org_id)
    board.value = session.can('report.write') || session.can('report.order') ? ((await answer(api.GET('/report-tasks', { params: { query: {} } }))).items ?? []) : []
    loaded.value = true
  } catch {
    // What is shown stays; the frame says that the centre is away.
  }
}

// stand leaves the reports that came back whose incident was neither merged nor withdrawn meanwhile.
async function stand(hops: readonly Hop[]): Promise<void> {
  const states = await Promise.all(hops.map((h) => answer(api.GET('/incidents/{id}', { params: { path: { id: h.incident_id } } })).then((i) => i.state, () => 'open')))
  returned.value = hops.filter((_, n) => states[n] === 'open' || states[n] === 'closed')
}

export function useWork(): ComputedRef<Work> {
  const live = useLive()
  const session = useSession()
  const clocks = useDue()
  const { waiting, desk } = useReports()
  if (!following) {
    following = true
    effectScope(true).run(() => {
      watch([live.cases, () => session.user?.id], ([, user], before) => {
        if (before[1] !== user) { // the next person may belong to another desk
          items.value = []
          board.value = []
          returned.value = []
          loaded.value = false
        }
        void load()
      }, { immediate: true })
      watch(desk, () => void stand(session.can('report.write') ? cameBack(desk.value?.sent ?? []) : []), { immediate: true })
    })
  }
  return computed(() => ({
    loaded: loaded.value,
    clocks: clocks.value,
    hops: waiting.value,
    returned: returned.value,
    tasks: tasksOf(board.value, session.user?.org_id, { do: session.can('report.write'), close: session.can('report.order') }),
    items: items.value,
  }))
}
