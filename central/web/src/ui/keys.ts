// The keyboard of lists and pages.
import { useEventListener } from '@vueuse/core'
import { nextTick, ref, watch, type Ref } from 'vue'

// typing tells keys that belong to a text field from keys that belong to the page.
export function typing(e: KeyboardEvent): boolean {
  const target = e.target
  return target instanceof HTMLElement && (target.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.getAttribute('type') !== 'checkbox'))
}

// covered reports whether a dialog or drawer is open: then the page's keys rest.
export function covered(): boolean {
  return [...document.querySelectorAll<HTMLElement>('[role=dialog]')].some((d) => d.offsetParent !== null || d.getClientRects().length > 0)
}

// step is the key of the row that lies by steps from the marked one; without a mark, the first.
export function step(keys: readonly string[], marked: string, by: number): string {
  const at = keys.indexOf(marked)
  if (at < 0) return keys[0] ?? ''
  return keys[Math.min(keys.length - 1, Math.max(0, at + by))] ?? ''
}

export interface ListKeys {
  // box holds the rows; each row carries data-row with its key and rowAttrs.
  box: Ref<HTMLElement | undefined>
  keys: () => readonly string[]
  act: (key: string) => void
  pick?: (key: string) => void
  filter?: () => void
}

export interface ListMark {
  // marked is the key of the row that has the focus or had it last, '' before any had.
  marked: Ref<string>
  // rowAttrs makes a row reachable: one of them is in the tab order, J and K move the focus to the others.
  rowAttrs: (key: string) => Record<string, string | number | undefined>
  mark: (key: string) => void
}

// useListKeys moves the focus through the rows with J and K, acts on the focused row with Enter and ticks
// it with X. The mark is where the focus is, so that what one sees marked is what a key acts on.
export function useListKeys({ box, keys, act, pick, filter }: ListKeys): ListMark {
  const marked = ref('')

  function rowOf(key: string): HTMLElement | null | undefined {
    return box.value?.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`)
  }
  function mark(key: string): void {
    marked.value = key
    rowOf(key)?.focus()
    rowOf(key)?.scrollIntoView({ block: 'nearest' })
  }
  function keyAt(target: EventTarget | null): string {
    return target instanceof Element && box.value?.contains(target) ? (target.closest<HTMLElement>('[data-row]')?.dataset.row ?? '') : ''
  }
  function rowAttrs(key: string): Record<string, string | number | undefined> {
    const entry = marked.value && keys().includes(marked.value) ? marked.value : keys()[0]
    return { 'data-row': key, tabindex: key === entry ? 0 : -1, 'aria-current': key === marked.value ? 'true' : undefined }
  }

  useEventListener(box, 'focusin', (e) => {
    marked.value = keyAt(e.target) || marked.value
  })
  // Moving a row in the page takes its focus away: it gets it back. A row that is gone hands the mark to
  // the one that came into its place.
  watch(keys, async (now, before) => {
    if (now.join() === before.join()) return
    const had = keyAt(document.activeElement) !== ''
    const at = before.indexOf(marked.value)
    if (marked.value && !now.includes(marked.value)) marked.value = now[Math.min(at, now.length - 1)] ?? ''
    await nextTick()
    if (had && marked.value && !covered() && keyAt(document.activeElement) !== marked.value) rowOf(marked.value)?.focus()
  }, { flush: 'pre' })

  useEventListener('keydown', (e: KeyboardEvent) => {
    if (typing(e) || e.ctrlKey || e.metaKey || e.altKey || covered()) return
    const key = e.key.toLowerCase()
    const here = keyAt(e.target)
    if (key === 'j' || key === 'arrowdown') mark(step(keys(), marked.value, 1))
    else if (key === 'k' || key === 'arrowup') mark(step(keys(), marked.value, -1))
    else if (key === 'enter' && here && e.target === rowOf(here)) act(here)
    else if (key === 'x' && here && pick) pick(here)
    else if (key === '/' && filter) filter()
    else return
    e.preventDefault()
  })
  return { marked, rowAttrs, mark }
}
