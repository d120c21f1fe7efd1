// The outputs of a device or of everything behind a terminal, asked anew while somebody looks.
import { onScopeDispose, ref, shallowRef, watch, type ShallowRef } from 'vue'
import { answer, api } from '@/api/client'
import type { Output } from '@/api/types'

const againMs = 2000

export interface Outputs {
  list: ShallowRef<Output[]>
  failure: ShallowRef<unknown>
  reload: () => Promise<void>
}

// useOutputs shows those of the device with the id, or of the terminal with it.
export function useOutputs(of: () => string): Outputs {
  const list = shallowRef<Output[]>([])
  const failure = shallowRef<unknown>()
  const asking = ref(0)

  async function reload(): Promise<void> {
    const id = of()
    const mine = ++asking.value
    try {
      const all = (await answer(api.GET('/outputs'))).items ?? []
      if (mine !== asking.value) return
      list.value = all.filter((o) => o.device === id || o.edge === id)
      failure.value = undefined
    } catch (error) {
      if (mine === asking.value) failure.value = error
    }
  }
  watch(of, () => {
    list.value = []
    void reload()
  }, { immediate: true })
  const timer = setInterval(() => {
    if (!document.hidden) void reload()
  }, againMs)
  onScopeDispose(() => clearInterval(timer))
  return { list, failure, reload }
}
