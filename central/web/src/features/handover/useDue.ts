// The clocks of the own desk: those of its reports from their beginning, others once they have warned, passed or climbed
// to it.
import { createGlobalState } from '@vueuse/core'
import { computed, type ComputedRef } from 'vue'
import { useAsk } from '@/api/ask'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import type { components } from '@/api/schema'
import { useSession } from '@/stores/session'

export type Due = components['schemas']['DeadlineClock']

// asking leaves the clocks that an organisation has to meet now, the soonest first.
export function asking(clocks: readonly Due[], org: string | undefined): Due[] {
  return clocks.filter((c) => c.asked?.org_id === org || (c.org_id === org && c.kind.startsWith('report.'))).sort((a, b) => Date.parse(a.due_at) - Date.parse(b.due_at))
}

// allOf asks for every part of the list: the newest is no less urgent for two hundred that are overdue.
async function allOf(org: string | undefined, signal: AbortSignal): Promise<Due[]> {
  const all: Due[] = []
  for (let after = ''; ;) {
    const part = await answer(api.GET('/deadlines', { params: { query: { limit: 500, ...(after && { after }) } }, signal }))
    all.push(...(part.items ?? []))
    after = part.next ?? ''
    if (!after) return asking(all, org)
  }
}

export const useDue = createGlobalState((): ComputedRef<Due[]> => {
  const live = useLive()
  const session = useSession()
  const { value } = useAsk(() => (session.can('duty.log') ? `${session.user?.id} ${session.user?.org_id}` : ''), (signal) => allOf(session.user?.org_id, signal), { tick: () => live.desk.value })
  return computed(() => value.value ?? [])
})
