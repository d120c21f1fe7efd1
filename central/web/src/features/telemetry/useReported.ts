// What a terminal last reported of itself and of what is behind it.
import { watch } from 'vue'
import { answer, api } from '@/api/client'
import { ApiError } from '@/api/errors'
import type { Reported } from '@/api/types'
import { usePoll, type Poll } from '@/ui/poll'

// useReported asks anew when the terminal or the sign changes, and every so often; null says that the terminal has
// never reported.
export function useReported(terminal: () => string, sign: () => string, everyMs = 60_000): Poll<Reported | null> {
  const poll = usePoll(
    terminal,
    async (signal) => {
      try {
        return await answer(api.GET('/devices/{id}/status', { params: { path: { id: terminal() } }, signal }))
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null
        throw error
      }
    },
    everyMs,
  )
  watch(sign, () => void poll.reload())
  return poll
}
