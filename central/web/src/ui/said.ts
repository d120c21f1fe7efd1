// A time that is being typed: how it is read, and whether a person has said that a doubtful one is meant.
import { computed, ref, type ComputedRef } from 'vue'
import { useNow } from './now'
import { timeIn, type Said } from './when'

export interface SaidTime {
  said: ComputedRef<Said | undefined>
  // at is the time that counts: undefined while nothing, no time or a doubtful one stands there.
  at: ComputedRef<Date | undefined>
  wrong: ComputedRef<boolean>
  doubt: ComputedRef<boolean>
  mean: () => void
}

export function useSaid(text: () => string): SaidTime {
  const now = useNow()
  const meant = ref('')
  const said = computed(() => timeIn(text(), now.value))
  const doubt = computed(() => Boolean(said.value?.doubt) && meant.value !== said.value?.at.toISOString())
  return {
    said,
    doubt,
    wrong: computed(() => text().trim() !== '' && !said.value),
    at: computed(() => (doubt.value ? undefined : said.value?.at)),
    mean: () => (meant.value = said.value?.at.toISOString() ?? ''),
  }
}
