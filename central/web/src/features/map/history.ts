// Points of a chart: what was stored, and what came since. Pure.

export interface Dot {
  at: number
  value: number
  min: number
  max: number
}

const longestTail = 600

// tail adds a newer dot; an older or equal one changes nothing.
export function tail(dots: readonly Dot[], next: Dot): Dot[] {
  const last = dots.at(-1)
  if (last && next.at <= last.at) return dots as Dot[]
  return [...dots.slice(-longestTail + 1), next]
}

// withTail joins the stored dots and those that came after them.
export function withTail(past: readonly Dot[], since: readonly Dot[]): Dot[] {
  const end = past.at(-1)?.at ?? 0
  return [...past, ...since.filter((d) => d.at > end)]
}

export interface Span {
  key: string
  ms: number
}

export const spans: readonly Span[] = [
  { key: '15m', ms: 15 * 60_000 },
  { key: '1h', ms: 3_600_000 },
  { key: '6h', ms: 6 * 3_600_000 },
  { key: '24h', ms: 24 * 3_600_000 },
]

// Marks of the last day's alarms, as shares of the strip's width.
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
