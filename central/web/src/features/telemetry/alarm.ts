// What the console knows about alarms beyond their shape. Pure.
import type { Alarm } from '@/api/types'

// waits reports whether somebody still has to acknowledge the alarm.
export function waits(alarm: Alarm): boolean {
  return alarm.state === 'open' || alarm.state === 'returned'
}

// rings reports whether the alarm sounds: it waits, and was learned of in time.
export function rings(alarm: Alarm): boolean {
  return waits(alarm) && !alarm.retrospective
}

// byClock orders alarms as the desk works them: what waits first, of that the newest first; then what
// is acknowledged and still holds.
export function byClock(alarms: Iterable<Alarm>): Alarm[] {
  return [...alarms].filter((a) => a.state !== 'cleared').sort((a, b) => Number(waits(b)) - Number(waits(a)) || b.opened_at.localeCompare(a.opened_at) || a.id.localeCompare(b.id))
}
