// Canvas knows no CSS variables: the colours are read when the theme changes.
import { computed, type ComputedRef } from 'vue'
import { useSettings } from '@/stores/settings'
import type { ChartColours } from '@/ui/chart'

export function useColours(): ComputedRef<ChartColours> {
  const settings = useSettings()
  return computed(() => {
    void settings.theme
    const style = getComputedStyle(document.documentElement)
    const token = (name: string) => style.getPropertyValue(name).trim()
    return { text: token('--text'), muted: token('--muted'), accent: token('--accent'), grid: token('--line'), panel: token('--panel-2'), levels: [token('--red'), token('--orange'), token('--yellow'), token('--blue')] }
  })
}
