// The axis of a recording: what is where in the window that is shown, and where to go from a moment.

export interface Window {
  from: number
  to: number
}

export interface Stretch {
  from: number
  to: number
}

const hour = 3_600_000
export const spansOfWindow = [24 * hour, 6 * hour, hour, 10 * 60_000] as const

// dayOf is the day of a moment on this computer's wall; summer time makes some longer.
export function dayOf(at: number): Window {
  const begin = new Date(at)
  begin.setHours(0, 0, 0, 0)
  const end = new Date(begin)
  end.setDate(end.getDate() + 1)
  return { from: begin.getTime(), to: end.getTime() }
}

// dateText is what an input of a date takes: 2026-11-24.
export function dateText(at: number): string {
  const d = new Date(at)
  return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`
}

// around is a window of a length that shows a moment and stays within its day.
export function around(at: number, length: number, day: Window): Window {
  const size = Math.min(length, day.to - day.from)
  const from = Math.min(Math.max(at - size / 2, day.from), day.to - size)
  return { from, to: from + size }
}

// upTo is a window of a length that shows a moment of its day, as far as that has come and a little on: an axis is not half
// of what nobody has recorded yet.
export function upTo(at: number, length: number, now: number): Window {
  const day = dayOf(at)
  return around(at, length, { from: day.from, to: Math.min(day.to, Math.max(now + length / 20, day.from + length)) })
}

// share is where a moment stands in a window, 0 to 100.
export function share(at: number, w: Window): number {
  return Math.min(100, Math.max(0, ((at - w.from) / (w.to - w.from)) * 100))
}

// ticks are round moments of a window, at most so many.
export function ticks(w: Window, most = 12): number[] {
  const steps = [10_000, 30_000, 60_000, 5 * 60_000, 10 * 60_000, 30 * 60_000, hour, 2 * hour, 3 * hour, 6 * hour]
  const step = steps.find((s) => (w.to - w.from) / s <= most) ?? 6 * hour
  const shift = new Date(w.from).getTimezoneOffset() * 60_000
  const out: number[] = []
  for (let at = Math.ceil((w.from - shift) / step) * step + shift; at < w.to; at += step) out.push(at)
  return out
}

// covered is the stretch that shows a moment.
export function covered<T extends Stretch>(list: readonly T[], at: number): T | undefined {
  return list.find((s) => s.from <= at && at < s.to)
}

// nextOf is the beginning of the first stretch after a moment.
export function nextOf(lists: readonly (readonly Stretch[])[], at: number): number | undefined {
  const later = lists.flatMap((list) => list.filter((s) => s.from > at).map((s) => s.from))
  return later.length ? Math.min(...later) : undefined
}

// jump is the mark after (by 1) or before (by -1) a moment; one is left only when it is more than a second away.
export function jump(marks: readonly number[], at: number, by: 1 | -1): number | undefined {
  const sorted = [...marks].sort((a, b) => a - b)
  return by === 1 ? sorted.find((m) => m > at + 1000) : sorted.findLast((m) => m < at - 1000)
}

// longestClip is what the centre makes into one clip at most.
export const longestClip = 2 * hour

// covering is how many milliseconds of a window stretches show.
export function covering(list: readonly { from: string; to: string }[], w: Window): number {
  return list.reduce((sum, s) => sum + Math.max(0, Math.min(Date.parse(s.to), w.to) - Math.max(Date.parse(s.from), w.from)), 0)
}

export const speeds = [0.25, 0.5, 1, 2, 4, 8] as const
export const frameMs = 40

export function faster(speed: number, by: 1 | -1): number {
  const at = speeds.indexOf(speed as (typeof speeds)[number])
  return speeds[Math.min(speeds.length - 1, Math.max(0, at + by))] ?? 1
}

export function sized(bytes: number): string {
  const giga = 2 ** 30
  return bytes >= giga ? `${(bytes / giga).toFixed(1)} GB` : `${(bytes / 2 ** 20).toFixed(0)} MB`
}
