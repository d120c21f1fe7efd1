// A form over something that others change too, each change with a greater edit number: what the page brings and what
// the own acts answer come in any order, and own words are wiped out by neither.
import { computed, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'

export interface Edited<T, F extends string> {
  // newest is the thing as it was last seen, by its edit number; never one that is older than an act's answer.
  newest: ShallowRef<T | undefined>
  words: Ref<Record<F, string>>
  // seen is the edit that the words began from: what a save names, so that it wipes out nobody's words unseen.
  seen: ComputedRef<number>
  dirty: ComputedRef<boolean>
  // take is for the answer of an act that has sent the words: they are saved.
  take: (answer: T) => void
}

export function useEdited<F extends string, T extends { edit: number } & Record<F, string>>(given: () => T | undefined, fields: readonly F[]): Edited<T, F> {
  const of = (one: T | undefined) => Object.fromEntries(fields.map((f) => [f, one?.[f] ?? ''])) as Record<F, string>
  const newest = shallowRef<T>()
  const base = shallowRef<T>()
  const words = ref(of(undefined)) as Ref<Record<F, string>>
  const dirty = computed(() => fields.some((f) => words.value[f].trim() !== (base.value?.[f] ?? '')))

  function adopt(one: T | undefined): void {
    base.value = one
    words.value = of(one)
  }
  function bring(one: T): boolean {
    if (newest.value && one.edit < newest.value.edit) return false
    newest.value = one
    return true
  }
  watch(given, (one) => {
    if (!one) {
      newest.value = undefined
      adopt(undefined)
    } else if (bring(one)) {
      if (!dirty.value) adopt(one)
      else if (fields.every((f) => one[f] === base.value?.[f])) base.value = one // nothing that was written is other than seen
    }
  }, { immediate: true })

  return {
    newest,
    words,
    seen: computed(() => base.value?.edit ?? 0),
    dirty,
    take(answer) {
      bring(answer)
      adopt(newest.value)
    },
  }
}
