// The course of one value as a chart shows it: what was stored, and what came since. Pure.

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

// withTail joins the stored dots and those that came after them, these in steps as wide as those: a course of means
// must not end in single values, which read as a spike.
export function withTail(past: readonly Dot[], since: readonly Dot[], stepMs = 0): Dot[] {
  const end = past.at(-1)?.at ?? 0
  const after = since.filter((d) => d.at > end)
  return [...past, ...(stepMs > 0 ? stepped(after, stepMs) : after)]
}

// stepped is one dot for each step: mean, least and greatest, at the newest time of its readings.
function stepped(dots: readonly Dot[], stepMs: number): Dot[] {
  const steps = new Map<number, Dot[]>()
  for (const d of dots) {
    const step = Math.floor(d.at / stepMs)
    steps.set(step, [...(steps.get(step) ?? []), d])
  }
  return [...steps.values()].map((of) => ({
    at: Math.max(...of.map((d) => d.at)), value: of.reduce((sum, d) => sum + d.value, 0) / of.length, min: Math.min(...of.map((d) => d.min)), max: Math.max(...of.map((d) => d.max)),
  }))
}

// leastMs is the shortest time that a chart of young data shows.
const leastMs = 10 * 60_000

// beginOf is where a chart begins: at its window, or with the data where most of the window lies before any.
export function beginOf(dots: readonly Dot[], { from, to }: { from: number; to: number }): number {
  const first = dots.find((d) => Number.isFinite(d.value))
  if (!first || first.at - from < (to - from) / 2) return from
  return Math.max(from, Math.min(first.at, to - leastMs))
}

// fromBegin reads what a window has, and again from where the data begin when they are younger than it: so they fill
// the chart, in finer steps. read asks the centre, dots are what it answered with.
export async function fromBegin<T>(window: { from: number; to: number }, read: (from: number) => Promise<T>, dots: (answer: T) => readonly Dot[]): Promise<{ answer: T; from: number }> {
  let from = window.from
  let answer = await read(from)
  // The begin of a year is known to a step; the second look finds it in that step.
  for (let looks = 0; looks < 2; looks++) {
    const begin = beginOf(dots(answer), { from, to: window.to })
    if (begin === from) break
    from = begin
    answer = await read(from)
  }
  return { answer, from }
}

// A gap is this many times longer than the usual distance of two dots.
const gapTimes = 3

// gapped breaks the line by a dot without a value where nothing came for much longer than usual, so that a
// silence does not look like a straight course.
export function gapped(dots: readonly Dot[]): Dot[] {
  const steps = dots.slice(1).map((d, i) => d.at - (dots[i]?.at ?? 0)).sort((a, b) => a - b)
  const usual = steps[Math.floor(steps.length / 2)] ?? 0
  return dots.flatMap((d, i) => {
    const before = dots[i - 1]
    if (!before || d.at - before.at <= usual * gapTimes) return [d]
    return [{ at: before.at + usual, value: Number.NaN, min: Number.NaN, max: Number.NaN }, d]
  })
}

// pathOf is the course as a line in a box, at its times, so that courses above each other can be compared. It is
// broken where a dot has no value; '' with fewer than two values.
export function pathOf(dots: readonly Dot[], { from, to }: { from: number; to: number }, width: number, height: number): string {
  const values = dots.map((d) => d.value).filter(Number.isFinite)
  if (values.length < 2) return ''
  const low = Math.min(...values)
  const span = Math.max(...values) - low || 1
  let pen = 'M'
  return dots.map((d) => {
    const drawn = pen
    pen = Number.isFinite(d.value) ? 'L' : 'M'
    if (pen === 'M') return ''
    return `${drawn}${(((d.at - from) / (to - from)) * width).toFixed(1)} ${(height - ((d.value - low) / span) * height).toFixed(1)}`
  }).join('')
}
