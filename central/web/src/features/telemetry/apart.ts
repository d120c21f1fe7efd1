// How readings that are kept apart are put right. Pure.

// Way is what is to happen to the times: put right by the difference of the clocks, left, or by a number of a person.
export type Way = 'offset' | 'none' | 'own'

export interface Sum {
  device: string
  offset_ms: number
  first: string
  last: string
}

// shiftOf is added to every time of a device, in milliseconds.
export function shiftOf(way: Way, offsetMs: number, ownSeconds: number): number {
  if (way === 'offset') return offsetMs === 0 ? 0 : -offsetMs
  return way === 'own' ? Math.round(ownSeconds * 1000) : 0
}

// earliest is the first year that a reading may have; the centre refuses older ones.
const earliest = Date.UTC(2000, 0, 1)

// spanAfter is when the readings lie after the shift, and whether the centre will take that.
export function spanAfter(sum: Sum, shift: number, now: number): { first: number; last: number; taken: boolean } {
  const first = Date.parse(sum.first) + shift
  const last = Date.parse(sum.last) + shift
  return { first, last, taken: first >= earliest && last <= now + 5 * 60_000 }
}

// gap is the difference of two clocks in its two largest units, with its sign apart.
export interface Gap {
  ahead: boolean
  unit: 'years' | 'days' | 'hours' | 'minutes' | 'seconds' | 'ms'
  n: number
}

const units: [Gap['unit'], number][] = [['years', 365.2425 * 86_400_000], ['days', 86_400_000], ['hours', 3_600_000], ['minutes', 60_000], ['seconds', 1000], ['ms', 1]]

export function gapOf(ms: number): Gap {
  const size = Math.abs(ms)
  const [unit, length] = units.find(([, l]) => size >= l) ?? (['ms', 1] as const)
  const n = size / length
  return { ahead: ms >= 0, unit, n: n < 10 && unit !== 'ms' ? Math.round(n * 10) / 10 : Math.round(n) }
}

// stamp writes a time of a wrong clock; one that no calendar has stays a number.
export function stamp(ms: number, full: (at: Date) => string): string {
  const at = new Date(ms)
  return Number.isNaN(at.getTime()) ? String(ms) : full(at)
}
