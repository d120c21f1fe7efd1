// The rules that decide on one series, as the centre names them, and their limits as lines of its chart.
import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { limitsOf } from './limits'
import { answer, api } from '@/api/client'
import type { Rule } from '@/api/types'
import { valueText } from '@/i18n/values'
import type { ChartLimit } from '@/ui/chart'

export interface SeriesRules {
  // all decide on the series; rules are those of them that are a line in its chart.
  all: ShallowRef<Rule[]>
  rules: ComputedRef<Rule[]>
  limits: ComputedRef<ChartLimit[]>
  reload: () => Promise<void>
}

export function useRules(device: () => string, property: () => string, unit: () => string, digits: () => number | undefined): SeriesRules {
  const { t } = useI18n()
  const all = shallowRef<Rule[]>([])
  const rules = computed(() => limitsOf(all.value))
  let abort: AbortController | undefined

  async function load(): Promise<void> {
    abort?.abort()
    all.value = []
    if (!device() || !property()) return
    const mine = new AbortController()
    abort = mine
    try {
      all.value = (await answer(api.GET('/rules', { params: { query: { device: device(), property: property() } }, signal: mine.signal }))).items ?? []
    } catch {
      // A chart without its limit line is still a chart; the alarm itself names the limit.
    }
  }
  watch([device, property], () => void load(), { immediate: true })
  onScopeDispose(() => abort?.abort())

  const limits = computed(() => rules.value.map((r) => ({ value: r.limit, level: r.level, label: `${t(`level.short.${r.level}`)} ${valueText(r.limit, unit(), digits())}` })))
  return { all, rules, limits, reload: load }
}
