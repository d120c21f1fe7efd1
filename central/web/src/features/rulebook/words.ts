// What a rule watches and when it fires, as short sentences.
import { useI18n } from 'vue-i18n'
import { secondsOf } from './form'
import { useLive } from '@/api/live'
import type { Rule, RuleOverride } from '@/api/types'
import { useSay } from '@/i18n/say'
import { full } from '@/i18n/time'
import { valueText } from '@/i18n/values'
import { useProperties } from '@/ui/properties'

export function useRuleWords() {
  const { t, te } = useI18n()
  const live = useLive()
  const say = useSay()
  const known = useProperties()

  // span is a duration in words, by its two largest units.
  function span(seconds: number): string {
    const parts = ([['d', 86400], ['h', 3600], ['m', 60], ['s', 1]] as const).map(([unit, size], i, all) => {
      const above = all[i - 1]?.[1]
      return { unit, n: Math.floor((above ? seconds % above : seconds) / size) }
    })
    const first = parts.findIndex((one) => one.n > 0)
    if (first < 0) return t('rule.span.s', { n: 0 })
    return parts.slice(first, first + 2).filter((one) => one.n > 0).map((one) => t(`rule.span.${one.unit}`, { n: one.n })).join(' ')
  }
  // seriesOf is how a property is named and measured, by the first device that has it, else by the profiles.
  function seriesOf(rule: Pick<Rule, 'class' | 'property' | 'devices'>) {
    for (const d of live.devices.values()) {
      if (rule.devices?.length ? !rule.devices.includes(d.id) : d.class !== rule.class) continue
      const found = d.series?.find((s) => s.property === rule.property)
      if (found) return found
    }
    return known.named(rule.property)
  }
  const className = (c: string) => (te(`device.class.${c}`) ? t(`device.class.${c}`) : c)
  const deviceName = (id: string) => say.called(live.devices.get(id), id)
  function property(rule: Rule): string {
    const s = seriesOf(rule)
    return say.named(s?.name ?? '', s?.name_en) || (te(`rule.property.${rule.property}`) ? t(`rule.property.${rule.property}`) : rule.property)
  }
  function watches(rule: Rule): string {
    const first = rule.devices?.[0]
    const who = !first ? className(rule.class) : (rule.devices?.length ?? 0) > 1 ? t('rule.watches.some', { first: deviceName(first), n: rule.devices?.length ?? 0 }) : deviceName(first)
    return `${who} · ${property(rule)}`
  }
  // exact shows a limit with all its digits, also those that the readings do not have: 0.001 m is not 0.00 m.
  function exact(limit: number, s: { unit: string; digits: number } | undefined): string {
    const own = String(limit).split('.')[1]?.length ?? 0
    return valueText(limit, s?.unit ?? '', s && s.digits >= 0 ? Math.max(s.digits, own) : undefined)
  }
  function condition(rule: Rule): string {
    const s = seriesOf(rule)
    const held = span(secondsOf(rule.for))
    const limit = exact(rule.limit, s)
    const text = rule.condition === 'expression' ? (rule.expression ?? '') : t(`rule.short.${rule.condition}`, { limit, window: span(secondsOf(rule.window)), for: held })
    return secondsOf(rule.for) && rule.condition !== 'silent' && rule.condition !== 'stuck' ? t('rule.short.held', { what: text, for: held }) : text
  }
  function override(o: RuleOverride, rule: Rule): string {
    const s = seriesOf(rule)
    const parts = o.off ? [t('rule.override.off')] : []
    if (o.limit !== undefined) parts.push(t('rule.override.limit', { limit: exact(o.limit, s) }))
    if (o.limit !== undefined && o.clear !== undefined) parts.push(t('rule.override.ends', { clear: exact(o.clear, s) }))
    if (o.for !== undefined) parts.push(t('rule.override.for', { for: span(secondsOf(o.for)) }))
    return [...parts, o.until ? t('rule.override.until', { until: full(new Date(o.until)) }) : t('rule.override.for_ever')].join(' · ')
  }
  return { span, seriesOf, className, deviceName, property, watches, condition, override }
}
