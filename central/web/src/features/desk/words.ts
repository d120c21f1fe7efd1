// A need as sentences: what it is, what is known of it, its clock, and the name of the button that moves it on.
import { useI18n } from 'vue-i18n'
import { askedAt, type Need } from './need'
import { useLive } from '@/api/live'
import { useAlarmWords } from '@/features/telemetry/words'
import { useSay } from '@/i18n/say'
import { full, moment } from '@/i18n/time'
import { useDivisions } from '@/ui/divisions'
import { useDueNow } from '@/ui/now'

const plain = ['handover', 'channel', 'lost', 'rollcall', 'task', 'check_in']

export function useNeedWords() {
  const { t } = useI18n()
  const live = useLive()
  const say = useSay()
  const now = useDueNow()
  const words = useAlarmWords()
  const divisions = useDivisions()

  // since is the moment that the clock of the row shows: when it is due, or since when it waits.
  function since({ alarm, hop, item, lost, by }: Need): number {
    const from = alarm?.opened_at ?? hop?.submitted_at ?? item?.received_at ?? lost?.last_seen
    return from ? Date.parse(from) : by
  }
  // limited reports whether the row has a moment by which it is due.
  const limited = (need: Need) => Boolean(need.due ?? need.task ?? need.returned)

  function heading(need: Need): string {
    const { alarm, due, hop, returned, task, item, room } = need
    if (hop) return t('desk.hop.heading', { from: hop.from_name, title: hop.title })
    if (returned) return t('desk.returned.heading', { from: returned.to_name, title: returned.title })
    if (task) return t(task.state === 'answered' ? 'desk.task.close' : task.state === 'taken' ? 'desk.task.do' : 'desk.task.given', { leader: task.leader, to: task.to_name, text: task.text })
    if (room) return t('desk.room.heading', { title: room.title })
    if (item) return t('desk.item.heading', { kind: t(`intake.kind.${item.kind}`), text: item.text })
    if (due) return t(`desk.due.${plain.includes(due.kind) ? due.kind : /^(report|plan)\./.test(due.kind) ? due.kind.replace('.', '_') : 'item'}`, { name: due.name })
    return alarm ? words.heading(alarm) : t('desk.lost.heading', { name: need.lost?.name ?? '' })
  }
  function told(need: Need): string[] {
    const { alarm, due, hop, returned, task, item, lost, room } = need
    if (hop) return [t(hop.opened_at ? 'desk.hop.opened' : 'desk.hop.unopened'), hop.text]
    if (returned) return [t('desk.returned.reason', { reason: returned.reason }), `${returned.decided_by} ${full(new Date(returned.decided_at ?? ''))}`]
    if (task) return [task.reason && t('desk.returned.reason', { reason: task.reason }), task.urged ? t('report.task.urged', { n: task.urged }) : '', task.state === 'answered' ? `${t('report.task.answer')} ${task.answer}` : '', task.incident_title, t('desk.due.at', { time: full(new Date(task.due_at)) })]
    if (room) return [t('desk.room.by', { org: room.org_name, name: say.listed([...new Set((room.asked ?? []).map((i) => i.by_name))]), time: moment(new Date(askedAt(room)), new Date(live.now()), false) }), t(room.asked?.some((i) => i.kind === 'person') ? 'desk.room.you' : 'desk.room.desk'), room.here ? t('desk.room.here', { n: room.here }) : '', room.recording ? t(live.unkept.value ? 'recording.state.full' : 'consult.recording') : '', room.incident ?? '']
    if (item) return [item.place, [item.unit, item.caller].filter(Boolean).join(' ')]
    if (due) return [t(['channel', 'lost'].includes(due.kind) ? 'desk.due.since' : 'desk.due.at', { time: full(new Date(due.due_at)) }), say.listed(due.asked?.names ?? [])]
    if (lost) {
      const behind = [...live.devices.values()].filter((d) => d.parent === lost.id).length
      return [divisions.nameOf(lost.division), t('desk.lost.since', { time: full(new Date(since(need))) }), behind ? t('desk.lost.behind', { n: behind }) : '']
    }
    if (!alarm) return []
    return [
      words.passed(alarm), words.due(alarm), words.again(alarm), divisions.nameOf(alarm.division), words.cause(alarm),
      t('alarm.detail.peak', { value: words.value(alarm, alarm.peak) }), alarm.state === 'acknowledged' ? t('alarm.detail.holds') : '', alarm.ack_note ?? '',
    ]
  }
  const detail = (need: Need) => told(need).filter(Boolean).join(' · ')

  // note says what the clock of the row counts.
  function note(need: Need): string {
    if (need.below) return t('desk.need.below')
    if (need.alarm) return words.stand(need.alarm)
    if (need.hop) return t('desk.hop.since')
    if (need.item) return t('desk.item.since')
    if (need.room) return t('desk.room.since')
    if (limited(need)) return t(need.by > now.value ? 'desk.due.left' : 'desk.due.over')
    return t('desk.lost.stand')
  }
  // button is the word for what moves it on.
  function button({ alarm, due, hop, returned, task, item, room }: Need): string {
    if (alarm) return 'desk.need.look'
    if (hop) return 'report.waiting.open'
    if (returned) return 'desk.returned.again'
    if (room) return 'desk.room.enter'
    if (item) return 'desk.item.handle'
    if (task) return task.state === 'answered' ? 'report.act.close' : task.state === 'taken' ? 'report.act.answer' : 'report.act.take'
    const kind = due?.kind ?? ''
    return ({ 'report.phone': 'desk.due.phone', 'report.written': 'desk.due.write', 'report.follow_up': 'desk.due.follow', 'report.first': 'desk.due.write', 'report.final': 'desk.due.write' } as Record<string, string>)[kind] ?? 'desk.need.look'
  }
  return { since, limited, heading, detail, note, button, fact: (need: Need) => need.alarm && words.measured(need.alarm) }
}
