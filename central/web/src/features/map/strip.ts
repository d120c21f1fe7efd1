// The strip of the last day: where alarms held and which hours get a label. Pure.

// Mark is where one alarm held, as shares of the strip's width.
export interface Mark<T> {
  left: number
  width: number
  alarm: T
}

interface Lasting {
  opened_at: string
  returned_at?: string
  cleared_at?: string
}

// marksOf places alarms on a strip from–to; what lies outside is left out, what begins before is cut.
export function marksOf<T extends Lasting>(alarms: readonly T[], from: number, to: number): Mark<T>[] {
  const marks: Mark<T>[] = []
  for (const alarm of alarms) {
    const opened = Date.parse(alarm.opened_at)
    const ended = Date.parse(alarm.returned_at ?? alarm.cleared_at ?? '') || to
    if (ended < from || opened > to) continue
    const left = (Math.max(opened, from) - from) / (to - from)
    marks.push({ left, width: (Math.min(ended, to) - from) / (to - from) - left, alarm })
  }
  return marks
}

// hoursIn lists the full hours of the strip that get a label, every step hours of the local day.
export function hoursIn(from: number, to: number, step: number): { left: number; hour: number }[] {
  const hours: { left: number; hour: number }[] = []
  const at = new Date(from)
  at.setMinutes(0, 0, 0)
  while (at.getTime() < to) {
    if (at.getTime() >= from && at.getHours() % step === 0) hours.push({ left: (at.getTime() - from) / (to - from), hour: at.getHours() })
    at.setTime(at.getTime() + 3_600_000)
  }
  return hours
}
