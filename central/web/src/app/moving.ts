// Going from page to page: says when a page is long in coming and when it does not come at all, and fetches
// every page beforehand, so that all rooms open while the centre is away.
import { computed, onScopeDispose, ref, shallowRef, type ComputedRef, type ShallowRef } from 'vue'
import { useRouter, type RouteLocationNormalized, type RouteRecordRaw } from 'vue-router'

const patienceMs = 300

export interface Moving {
  slow: ComputedRef<boolean>
  // lost is the page that did not come.
  lost: ShallowRef<RouteLocationNormalized | undefined>
  retry: () => void
}

export function useMoving(): Moving {
  const router = useRouter()
  const slow = ref(false)
  const lost = shallowRef<RouteLocationNormalized>()
  let timer: ReturnType<typeof setTimeout> | undefined

  function arrived(): void {
    clearTimeout(timer)
    slow.value = false
  }
  const ends = [
    router.beforeEach(() => {
      arrived()
      lost.value = undefined
      timer = setTimeout(() => (slow.value = true), patienceMs)
    }),
    router.afterEach(arrived),
    router.onError((_, to) => {
      arrived()
      lost.value = to
    }),
  ]
  onScopeDispose(() => {
    arrived()
    for (const end of ends) end()
  })
  return { slow: computed(() => slow.value), lost, retry: () => void (lost.value && router.push(lost.value.fullPath)) }
}

// fetchPages loads the code of every page, one after the other. What does not come now is asked for again
// when somebody goes there.
export async function fetchPages(pages: readonly RouteRecordRaw[]): Promise<void> {
  for (const { component } of pages) {
    if (typeof component !== 'function') continue
    try {
      await (component as () => Promise<unknown>)()
    } catch {
      return
    }
  }
}
