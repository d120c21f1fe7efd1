// While a hand is in a list, its order stays: a row must not move away from under the pointer or the key.
import { useEventListener } from '@vueuse/core'
import { onScopeDispose, ref, type Ref } from 'vue'

// A pointer that only rests does not hold the list for ever.
const restMs = 15_000

// useHold is true from each move of the pointer or key in the box until the pointer leaves or has rested.
export function useHold(box: Ref<HTMLElement | undefined>): Ref<boolean> {
  const holding = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined

  function release(): void {
    clearTimeout(timer)
    holding.value = false
  }
  function hold(): void {
    clearTimeout(timer)
    holding.value = true
    timer = setTimeout(release, restMs)
  }
  useEventListener(box, ['pointermove', 'pointerdown', 'keydown', 'focusin'], hold)
  useEventListener(box, 'pointerleave', () => {
    if (!box.value?.contains(document.activeElement)) release()
  })
  onScopeDispose(release)
  return holding
}
