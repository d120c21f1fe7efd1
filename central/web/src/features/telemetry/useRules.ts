// The rules that decide on one series, as the centre names them, and their limits as lines of its chart.
import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { limitsOf } from './limits'
import { answer, api } from '@/api/client'
import type { Rule } from '@/api/types'
import { valueText } from '@/i18n/values'
import type { ChartLimit } from '@/ui/chart'
import { usePoll, type Poll } from '@/ui/poll'

const againMs = 60_000

export interface SeriesRules {
  // all decide on the series; rules are those of them that are a line in its chart.
  all: ComputedRef<Rule[]>
  rules: ComputedRef<Rule[]>
  limits: ComputedRef<ChartLimit[]>
  // poll asks again every minute, so that a chart that stands for weeks has the limits of now.
  poll: Poll<Rule[]>
  reload: () => Promise<void>
}

export function useRules(device: () => string, property: () => string, unit: () => string, digits: () => number | undefined): SeriesRules {
  const { t } = useI18n()
  const poll = usePoll(
    () => (device() && property() ? `${device()}/${property()}` : ''),
    async (signal) => (await answer(api.GET('/rules', { params: { query: { device: device(), property: property() } }, signal }))).items ?? [],
    againMs,
  )
  const all = computed(() => poll.value.value ?? [])
  const rules = computed(() => limitsOf(all.value))
  const limits = computed(() => rules.value.map((r) => ({ value: r.limit, level: r.level, label: `${t(`level.short.${r.level}`)} ${valueText(r.limit, unit(), digits())}` })))
  return { all, rules, limits, poll, reload: poll.reload }
}
