// Readings that a terminal had to thin or drop, beside the course of one of its sensors. Pure but for useLosses.
import { shallowRef, watch, type ShallowRef } from 'vue'
import { answer, api } from '@/api/client'
import type { Loss } from '@/api/types'

// lossKind tells thinned readings, of which lowest, highest and last are there, from such as are gone.
export function lossKind(l: Loss): 'thinned' | 'dropped' {
  return l.why.includes('thinned') ? 'thinned' : 'dropped'
}

// lossesIn are those that touch a span of time.
export function lossesIn(losses: readonly Loss[], span: { from: number; to: number } | undefined): Loss[] {
  return span ? losses.filter((l) => l.from < span.to && l.to >= span.from) : []
}

// useLosses asks for the records of a terminal when the terminal or the sign changes; without them the course stands.
export function useLosses(terminal: () => string, sign: () => string): ShallowRef<Loss[]> {
  const losses = shallowRef<Loss[]>([])
  watch([terminal, sign], async ([id], before) => {
    if (id !== before[0]) losses.value = []
    if (!id) return
    try {
      const found = (await answer(api.GET('/devices/{id}/losses', { params: { path: { id } } }))).items ?? []
      if (terminal() === id) losses.value = found
    } catch {
      losses.value = []
    }
  }, { immediate: true })
  return losses
}
