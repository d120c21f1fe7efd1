// The reports of the own desk, asked for once for all that shows them and again whenever something changes. The next
// person may belong to another desk.
import { createGlobalState } from '@vueuse/core'
import { computed } from 'vue'
import { useAsk } from '@/api/ask'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { useSession } from '@/stores/session'

export const useReports = createGlobalState(() => {
  const live = useLive()
  const session = useSession()
  const { value: desk, failure, reload: load } = useAsk(() => (session.can('incident.read') ? (session.user?.id ?? '') : ''), (signal) => answer(api.GET('/reports', { signal })), { tick: () => live.cases.value })
  // waiting are what came from other desks and was not decided yet, those that nobody has opened first.
  const waiting = computed(() => (session.can('report.write') ? [...(desk.value?.waiting ?? [])].sort((a, b) => Number(Boolean(a.opened_at)) - Number(Boolean(b.opened_at)) || Date.parse(a.submitted_at) - Date.parse(b.submitted_at)) : []))
  return { desk, waiting, failure, load }
})
