// What the console knows about alarms beyond their shape. Pure.
import type { Alarm } from '@/api/types'

// waits reports whether somebody still has to acknowledge the alarm.
export function waits(alarm: Alarm): boolean {
  return alarm.state === 'open' || alarm.state === 'returned'
}

// silent reports whether a person keeps the alarm from ringing: shelved, or under maintenance.
export function silent(alarm: Alarm): boolean {
  return Boolean(alarm.shelf ?? alarm.maintenance)
}

// rings reports whether the alarm sounds: it waits, was learned of in time and nobody keeps it silent.
export function rings(alarm: Alarm): boolean {
  return waits(alarm) && !alarm.retrospective && !silent(alarm)
}

// calls reports whether the alarm wants somebody now: it waits and is not silent.
export function calls(alarm: Alarm): boolean {
  return waits(alarm) && !silent(alarm)
}

// tier is how often the alarm was passed on.
export function tier(alarm: Alarm): number {
  return alarm.escalation?.tier ?? 0
}

// top reports whether nobody is above the desk that is asked: the leaders are the last.
export function top(alarm: Alarm): boolean {
  return alarm.escalation?.desk.role === 'leader'
}

// late reports whether the alarm has waited too long for somebody; the centre's policy says how long that is.
export function late(alarm: Alarm, now: number): boolean {
  return calls(alarm) && alarm.late_at !== undefined && Date.parse(alarm.late_at) <= now
}

// byNeed orders alarms as the desk works them: what calls first, of that the gravest level, of that what was
// passed on most often and has waited longest; then, in the same order, what is acknowledged and still holds;
// what is silent last.
export function byNeed(alarms: Iterable<Alarm>): Alarm[] {
  return [...alarms]
    .filter((a) => a.state !== 'cleared')
    .sort((a, b) => Number(silent(a)) - Number(silent(b)) || Number(waits(b)) - Number(waits(a)) || a.level - b.level || tier(b) - tier(a) || Date.parse(a.opened_at) - Date.parse(b.opened_at) || a.id.localeCompare(b.id))
}

// held keeps the order that a hand is working in: known ones stay where they are, new ones come last.
export function held<T>(rows: readonly T[], key: (row: T) => string, order: readonly string[]): T[] {
  const place = new Map(order.map((k, i) => [k, i]))
  return rows.map((row, i) => ({ row, at: place.get(key(row)) ?? order.length + i })).sort((a, b) => a.at - b.at).map(({ row }) => row)
}
