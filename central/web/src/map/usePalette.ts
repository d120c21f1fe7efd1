// The palette of the page's theme, read anew when the theme changes.
import { useMutationObserver } from '@vueuse/core'
import { shallowRef, type ShallowRef } from 'vue'
import { readPalette, type Palette } from './palette'

export function usePalette(): ShallowRef<Palette> {
  const palette = shallowRef(readPalette())
  useMutationObserver(document.documentElement, () => (palette.value = readPalette()), { attributes: true, attributeFilter: ['data-theme'] })
  return palette
}
