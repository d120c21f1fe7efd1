// A list of the centre: its first part, more on demand, loaded anew when the query changes.
import { ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { Page } from './types'

export interface List<T> {
  items: ShallowRef<T[]>
  loading: Ref<boolean>
  failure: ShallowRef<unknown>
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
  const loading = ref(false)
  const failure = shallowRef<unknown>()
  const next = ref('')
  let current: AbortController | undefined

  async function load(after: string): Promise<void> {
    current?.abort()
    const mine = new AbortController()
    current = mine
    loading.value = true
    failure.value = undefined
    try {
      const page = await ask({ ...query(), after }, mine.signal)
      items.value = after ? [...items.value, ...(page.items ?? [])] : (page.items ?? [])
      next.value = page.next ?? ''
    } catch (error) {
      if (current === mine) failure.value = error
    } finally {
      if (current === mine) loading.value = false
    }
  }

  function put(item: T): void {
    const at = items.value.findIndex((i) => i.id === item.id)
    items.value = at < 0 ? [item, ...items.value] : items.value.with(at, item)
  }

  watch(query, (now, before) => {
    if (JSON.stringify(now) !== JSON.stringify(before)) void load('')
  })
  void load('')

  return {
    items,
    loading,
    failure,
    next,
    reload: () => load(''),
    more: () => (next.value ? load(next.value) : Promise.resolve()),
    put,
    drop: (id) => (items.value = items.value.filter((i) => i.id !== id)),
  }
}
