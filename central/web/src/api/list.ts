// A list of the centre: its first part, more on demand, loaded anew when the query changes.
import { computed, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { useAsk } from './ask'
import type { Page } from './types'

export interface List<T> {
  items: ShallowRef<T[]>
  loading: Readonly<Ref<boolean>>
  failure: Readonly<Ref<unknown>>
  next: Ref<string>
  reload: () => Promise<void>
  more: () => Promise<void>
  // put replaces or adds one item, for what an action has just returned.
  put: (item: T) => void
  drop: (id: string) => void
}

// useList asks for the first part of a list and, on demand, for what comes after; ask gets the query, the
// mark of the part before ('' at the beginning) and a signal that ends a question nobody waits for.
export function useList<T extends { id: string }, Q extends object>(query: () => Q, ask: (query: Q & { after: string }, signal: AbortSignal) => Promise<Page<T>>): List<T> {
  const items = shallowRef<T[]>([])
  const next = ref('')
  const further = ref(false)
  const broken = shallowRef<unknown>()
  // What is shown stays until the first part of another query has come.
  const first = useAsk(() => JSON.stringify(query()), (signal) => ask({ ...query(), after: '' }, signal))
  let current: AbortController | undefined

  watch(first.value, (page) => {
    if (!page) return
    current?.abort()
    items.value = page.items ?? []
    next.value = page.next ?? ''
  })
  async function more(): Promise<void> {
    if (!next.value) return
    current?.abort()
    const mine = new AbortController()
    current = mine
    further.value = true
    broken.value = undefined
    try {
      const page = await ask({ ...query(), after: next.value }, mine.signal)
      if (mine.signal.aborted) return
      items.value = [...items.value, ...(page.items ?? [])]
      next.value = page.next ?? ''
    } catch (error) {
      if (!mine.signal.aborted) broken.value = error
    } finally {
      if (current === mine) further.value = false
    }
  }
  // What was asked before an act does not know of it.
  function change(to: T[]): void {
    items.value = to
    if (first.loading.value) void first.reload()
  }

  return {
    items,
    loading: computed(() => first.loading.value || further.value),
    failure: computed(() => first.failure.value ?? broken.value),
    next,
    reload: first.reload,
    more,
    put(item) {
      const at = items.value.findIndex((i) => i.id === item.id)
      change(at < 0 ? [item, ...items.value] : items.value.with(at, item))
    },
    drop: (id) => change(items.value.filter((i) => i.id !== id)),
  }
}
