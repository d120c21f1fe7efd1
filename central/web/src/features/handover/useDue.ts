// The clocks of the own desk: those of its reports from their beginning, others once they have warned, passed or climbed
// to it.
import { effectScope, shallowRef, watch, type ShallowRef } from 'vue'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import type { components } from '@/api/schema'
import { useSession } from '@/stores/session'

export type Due = components['schemas']['DeadlineClock']

const due = shallowRef<Due[]>([])
let following = false

// asking leaves the clocks that an organisation has to meet now, the soonest first.
export function asking(clocks: readonly Due[], org: string | undefined): Due[] {
  return clocks.filter((c) => c.asked?.org_id === org || (c.org_id === org && c.kind.startsWith('report.'))).sort((a, b) => Date.parse(a.due_at) - Date.parse(b.due_at))
}

// allOf asks for every part of the list: the newest is no less urgent for two hundred that are overdue.
async function allOf(org: string | undefined): Promise<Due[]> {
  const all: Due[] = []
  for (let after = ''; ;) {
    const part = await answer(api.GET('/deadlines', { params: { query: { limit: 500, ...(after && { after }) } } }))
    all.push(...(part.items ?? []))
    after = part.next ?? ''
    if (!after) return asking(all, org)
  }
}

export function useDue(): ShallowRef<Due[]> {
  if (!following) {
    following = true
    const live = useLive()
    const session = useSession()
    effectScope(true).run(() => {
      watch([live.desk, () => session.user?.id], async () => {
        if (!session.can('duty.log')) {
          due.value = []
          return
        }
        try {
          due.value = await allOf(session.user?.org_id)
        } catch {
          // What is shown stays; the frame says that the centre is away.
        }
      }, { immediate: true })
    })
  }
  return due
}
