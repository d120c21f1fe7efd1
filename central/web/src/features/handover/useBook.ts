// The open book of the own desk, asked for once for all that shows it and again whenever the desk changes. The next person
// may belong to another desk.
import { createGlobalState } from '@vueuse/core'
import { useAsk } from '@/api/ask'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { useSession } from '@/stores/session'

export const useBook = createGlobalState(() => {
  const live = useLive()
  const session = useSession()
  const { value: book, failure, reload: load } = useAsk(() => (session.can('duty.log') ? (session.user?.id ?? '') : ''), (signal) => answer(api.GET('/handover', { params: { query: {} }, signal })), { tick: () => [live.desk.value, live.duty.value] })
  return { book, failure, load }
})
