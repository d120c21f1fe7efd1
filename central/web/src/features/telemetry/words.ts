// Alarms as sentences, the same on the desk, in the list, on the map and in the log.
import { useI18n } from 'vue-i18n'
import { useLive } from '@/api/live'
import { latestKey } from '@/api/livestate'
import type { Alarm, Desk, Latest } from '@/api/types'
import { diskRule, useDisk } from './disk'
import { twinRule, useTwin } from './twin'
import { useSay } from '@/i18n/say'
import { clock, moment } from '@/i18n/time'
import { valueText } from '@/i18n/values'
import { isStale } from '@/map/things'
import { useDivisions } from '@/ui/divisions'
import { useNow } from '@/ui/now'

export function useAlarmWords() {
  const { t, n } = useI18n()
  const live = useLive()
  const now = useNow()
  const say = useSay()
  const divisions = useDivisions()
  const disk = useDisk()
  const twin = useTwin()

  function value(alarm: Alarm, v: number): string {
    if (diskRule(alarm.rule)) return t('disk.value.text', { n: n(v) })
    const digits = live.devices.get(alarm.device)?.series?.find((s) => s.property === alarm.property)?.digits
    return valueText(v, alarm.unit, digits)
  }
  // rule is the name of the rule in the reader's language.
  function rule(alarm: Alarm): string {
    return say.named(alarm.rule_name, alarm.rule_name_en) || alarm.rule
  }
  // heading says what has happened where.
  function heading(alarm: Alarm): string {
    return t('alarm.heading.text', { device: say.named(alarm.device_name || alarm.device, live.devices.get(alarm.device)?.name_en), rule: rule(alarm) })
  }
  // fresh is the newest value as long as it may be called one of now.
  function fresh(alarm: Alarm): Latest | undefined {
    const latest = live.latest.get(latestKey(alarm.device, alarm.property))
    const device = live.devices.get(alarm.device)
    return latest && device && !isStale(device, latest, now.value) ? latest : undefined
  }
  // measured says the value of now beside the limit; the last one with its time and why there is none since, once the
  // sensor is no longer heard. Without any value it is the limit alone.
  function measured(alarm: Alarm): string {
    if (diskRule(alarm.rule)) return t('alarm.measured.disk', { n: n(live.devices.get(alarm.device)?.agent?.disk?.lost ?? alarm.peak) })
    if (alarm.rule === twinRule) return twin.where(alarm.device)
    const limit = value(alarm, alarm.limit)
    const latest = live.latest.get(latestKey(alarm.device, alarm.property))
    // How long nothing changed or came is measured in seconds, and not what the series itself says.
    const unit = live.devices.get(alarm.device)?.series?.find((s) => s.property === alarm.property)?.unit
    if (!latest || (unit !== undefined && unit !== alarm.unit)) return t('alarm.measured.limit', { limit })
    if (fresh(alarm)) return t('alarm.measured.now', { value: value(alarm, latest.value), limit })
    const online = live.devices.get(alarm.device)?.state === 'online'
    return t(online ? 'alarm.measured.old' : 'alarm.measured.lost', { time: moment(new Date(latest.at), new Date(now.value)), value: value(alarm, latest.value), limit })
  }
  // old says the last value and of when it is, once the sensor is no longer heard, where a list has no room for
  // measured.
  function old(alarm: Alarm): string {
    const latest = live.latest.get(latestKey(alarm.device, alarm.property))
    if (!latest || fresh(alarm)) return ''
    const online = live.devices.get(alarm.device)?.state === 'online'
    const time = moment(new Date(latest.at), new Date(now.value))
    const said = t(online ? 'alarm.detail.old' : 'alarm.detail.lost', { time, value: value(alarm, latest.value) })
    return cause(alarm) ? t('alarm.detail.cause', { old: said, cause: cause(alarm) }) : said
  }
  // cause is why nothing is heard of the sensor, where that is known; '' while it is heard.
  const cause = (alarm: Alarm): string => (fresh(alarm) ? '' : disk.cause(live.devices.get(alarm.device)))
  // desk names a desk: who of which division.
  function desk(d: Desk): string {
    return t('alarm.desk.name', { division: divisions.nameOf(d.division) || t('escalation.list.everywhere'), role: t(`role.${d.role}`) })
  }
  // due says when the alarm is passed on, should nobody take it; '' when it is not.
  function due(alarm: Alarm): string {
    if (!alarm.escalate_at) return ''
    const at = new Date(alarm.escalate_at)
    return t('alarm.due.text', { time: clock(at, false), left: say.left(at.getTime() - now.value) })
  }
  // passed says why the alarm is at this desk; '' when it was not passed on.
  function passed(alarm: Alarm): string {
    const e = alarm.escalation
    if (!e) return ''
    const named = { from: desk(e.from), to: desk(e.desk), time: clock(new Date(e.at), false), name: e.by_name ?? '', note: e.note ?? '' }
    return t(e.by ? 'alarm.passed.hand' : 'alarm.passed.time', named)
  }
  // stand says where the alarm stands: whether it is under maintenance or shelved, who acknowledged it and when, whether the condition has ended.
  function stand(alarm: Alarm): string {
    if (alarm.maintenance) return t('alarm.stand.maintained', { time: moment(new Date(alarm.maintenance.until), new Date(live.now()), false) })
    if (alarm.shelf) return t('alarm.stand.shelved', { time: moment(new Date(alarm.shelf.until), new Date(live.now())) })
    if (alarm.acked_at) return t('alarm.stand.acked', { name: alarm.acked_by_name || alarm.acked_by || '', time: clock(new Date(alarm.acked_at), false) })
    if (alarm.rule_gone) return t('alarm.stand.rule_gone', { time: clock(new Date(alarm.returned_at ?? alarm.updated_at), false) })
    if (alarm.returned_at) return t('alarm.stand.returned', { time: clock(new Date(alarm.returned_at), false) })
    if (alarm.retrospective) return t('alarm.stand.late', { time: moment(new Date(alarm.received_at), new Date(live.now())) })
    return t('alarm.stand.open')
  }
  // again says how often the limit was passed before anybody acknowledged; '' the first time.
  function again(alarm: Alarm): string {
    return alarm.openings > 1 ? t('alarm.detail.again', { n: alarm.openings }) : ''
  }
  return { again, cause, desk, due, heading, rule, measured, old, passed, stand, value }
}
