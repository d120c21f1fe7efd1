// What a terminal last reported of itself and of what is behind it.
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import { answer, api } from '@/api/client'
import type { Reported } from '@/api/types'

const againMs = 60_000

// useReported asks anew when the terminal or the sign changes, and once a minute.
export function useReported(terminal: () => string, sign: () => string): ShallowRef<Reported | undefined> {
  const reported = shallowRef<Reported>()
  let abort: AbortController | undefined

  async function load(): Promise<void> {
    abort?.abort()
    if (!terminal()) return
    const mine = new AbortController()
    abort = mine
    try {
      reported.value = await answer(api.GET('/devices/{id}/status', { params: { path: { id: terminal() } }, signal: mine.signal }))
    } catch {
      // Without a report the page shows what the live view knows of the terminal.
    }
  }
  watch(terminal, () => (reported.value = undefined))
  watch([terminal, sign], () => void load(), { immediate: true })
  const timer = setInterval(() => void load(), againMs)
  onScopeDispose(() => {
    clearInterval(timer)
    abort?.abort()
  })
  return reported
}
