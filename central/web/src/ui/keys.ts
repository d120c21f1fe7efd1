// The keyboard of lists and pages.
import { useEventListener } from '@vueuse/core'
import { ref, watch, type Ref } from 'vue'

// typing tells keys that belong to a text field from keys that belong to the page.
export function typing(e: KeyboardEvent): boolean {
  const target = e.target
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

// covered reports whether a dialog or drawer is open: then the page's keys rest.
export function covered(): boolean {
  return [...document.querySelectorAll<HTMLElement>('[role=dialog]')].some((d) => d.offsetParent !== null || d.getClientRects().length > 0)
}

export interface ListKeys {
  count: () => number
  act: (at: number) => void
  pick?: (at: number) => void
  filter?: () => void
}

// useListKeys moves a selection with J and K, acts on it with Enter and ticks it with X.
export function useListKeys(keys: ListKeys): Ref<number> {
  const at = ref(-1)

  watch(keys.count, (n) => {
    if (at.value >= n) at.value = n - 1
  })
  useEventListener('keydown', (e: KeyboardEvent) => {
    if (typing(e) || e.ctrlKey || e.metaKey || e.altKey || covered()) return
    const n = keys.count()
    const key = e.key.toLowerCase()
    if (key === 'j' || key === 'arrowdown') at.value = Math.min(n - 1, at.value + 1)
    else if (key === 'k' || key === 'arrowup') at.value = Math.max(0, at.value - 1)
    else if (key === 'enter' && at.value >= 0 && !(e.target instanceof HTMLButtonElement) && !(e.target instanceof HTMLAnchorElement)) keys.act(at.value)
    else if (key === 'x' && at.value >= 0) keys.pick?.(at.value)
    else if (key === '/' && keys.filter) keys.filter()
    else return
    e.preventDefault()
  })
  return at
}
