// Alarms as sentences, the same on the desk and in the list.
import { useI18n } from 'vue-i18n'
import { useLive } from '@/api/live'
import { latestKey } from '@/api/livestate'
import { useSay } from '@/i18n/say'
import type { Alarm } from '@/api/types'
import { numberText, unitText, valueText } from '@/i18n/values'
import { clock, moment } from '@/i18n/time'

export function useAlarmWords() {
  const { t } = useI18n()
  const live = useLive()
  const say = useSay()

  function digits(alarm: Alarm): number | undefined {
    return live.devices.get(alarm.device)?.series?.find((s) => s.property === alarm.property)?.digits
  }
  function value(alarm: Alarm, v: number): string {
    return valueText(v, alarm.unit, digits(alarm))
  }
  // rule is the name of the limit in the reader's language.
  function rule(alarm: Alarm): string {
    return say.named(alarm.rule_name, alarm.rule_name_en) || alarm.rule
  }
  // heading says what has happened, with the limit.
  function heading(alarm: Alarm): string {
    return t('alarm.heading.text', { device: alarm.device_name || alarm.device, rule: rule(alarm), limit: value(alarm, alarm.limit) })
  }
  function now(alarm: Alarm): string {
    const latest = live.latest.get(latestKey(alarm.device, alarm.property))
    return latest ? value(alarm, latest.value) : ''
  }
  // stand says where the alarm stands: who acknowledged it and when, whether the condition has ended.
  function stand(alarm: Alarm): string {
    if (alarm.acked_at) return t('alarm.stand.acked', { name: alarm.acked_by_name || alarm.acked_by || '', time: clock(new Date(alarm.acked_at), false) })
    if (alarm.returned_at) return t('alarm.stand.returned', { time: clock(new Date(alarm.returned_at), false) })
    if (alarm.retrospective) return t('alarm.stand.late', { time: moment(new Date(alarm.received_at), new Date(live.now())) })
    return t('alarm.stand.open')
  }
  return { heading, rule, now, stand, value, unit: unitText, number: numberText }
}
