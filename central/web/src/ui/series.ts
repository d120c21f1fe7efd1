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
