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

// withTail joins the stored dots and those that came after them.
export function withTail(past: readonly Dot[], since: readonly Dot[]): Dot[] {
  const end = past.at(-1)?.at ?? 0
  return [...past, ...since.filter((d) => d.at > end)]
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
