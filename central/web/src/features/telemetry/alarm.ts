// What the console knows about alarms beyond their shape. Pure.
import type { Alarm } from '@/api/types'

// waits reports whether somebody still has to acknowledge the alarm.
export function waits(alarm: Alarm): boolean {
  return alarm.state === 'open' || alarm.state === 'returned'
}

// rings reports whether the alarm sounds: it waits, was learned of in time and is not shelved.
export function rings(alarm: Alarm): boolean {
  return waits(alarm) && !alarm.retrospective && !alarm.shelf
}

// calls reports whether the alarm wants somebody now: it waits and is not shelved.
export function calls(alarm: Alarm): boolean {
  return waits(alarm) && !alarm.shelf
}

// byNeed orders alarms as the desk works them: what calls first, of that the gravest level, of that what
// has waited longest; then, in the same order, what is acknowledged and still holds; what is shelved last.
export function byNeed(alarms: Iterable<Alarm>): Alarm[] {
  return [...alarms]
    .filter((a) => a.state !== 'cleared')
    .sort((a, b) => Number(Boolean(a.shelf)) - Number(Boolean(b.shelf)) || Number(waits(b)) - Number(waits(a)) || a.level - b.level || Date.parse(a.opened_at) - Date.parse(b.opened_at) || a.id.localeCompare(b.id))
}

// held keeps the order that a hand is working in: known ones stay where they are, new ones come last.
export function held<T>(rows: readonly T[], key: (row: T) => string, order: readonly string[]): T[] {
  const place = new Map(order.map((k, i) => [k, i]))
  return rows.map((row, i) => ({ row, at: place.get(key(row)) ?? order.length + i })).sort((a, b) => a.at - b.at).map(({ row }) => row)
}
