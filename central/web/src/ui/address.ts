// Filters live in the page's address, so that a view can be sent to somebody and survives a reload.
import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

// One change of several filters in the same moment must not lose the first: the pending query is shared.
let pending: Record<string, string> | undefined
// Nor may one that comes while the address is still on its way: going is where to.
let going: Record<string, string> | undefined

export function useAddress(name: string, initial = ''): WritableComputedRef<string> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get() {
      const value = route.query[name]
      return typeof value === 'string' ? value : initial
    },
    set(value) {
      if (!pending) {
        pending = {}
        for (const [key, old] of Object.entries(going ?? route.query)) if (typeof old === 'string') pending[key] = old
        queueMicrotask(() => {
          const query = pending
          pending = undefined
          going = query
          void router.replace({ query }).finally(() => {
            if (going === query) going = undefined
          })
        })
      }
      if (value === initial) delete pending[name]
      else pending[name] = value
    },
  })
}

// useChoice is an address value that is one of the choices; the first stands where the address has none or
// something else.
export function useChoice<const C extends string>(name: string, choices: readonly [C, ...C[]]): WritableComputedRef<C> {
  const value = useAddress(name, choices[0])
  return computed({
    get: () => choices.find((c) => c === value.value) ?? choices[0],
    set: (choice) => (value.value = choice),
  })
}
