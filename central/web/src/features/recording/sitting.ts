// A consultation in the recordings: its time, and where in it the replay begins.
import { dayOf, type Window } from './line'
import type { RecordedCamera, RecordingSitting } from '@/api/types'

const least = 60_000
const together = 5000

// spanOf is when a consultation was recorded; one that still is grows.
export function spanOf(s: RecordingSitting, now: number): Window {
  return { from: Date.parse(s.from), to: s.to ? Date.parse(s.to) : now }
}

// framed is a span with some air around it, as far as it lies within the day of a moment.
export function framed(span: Window, at: number): Window {
  const day = dayOf(at)
  const length = Math.min(Math.max((span.to - span.from) * 1.04, least), day.to - day.from)
  const middle = (Math.max(span.from, day.from) + Math.min(span.to, day.to)) / 2
  const from = Math.min(Math.max(middle - length / 2, day.from), day.to - length)
  return { from, to: from + length }
}

// beginOf is the first moment at which those that began together are all seen: each begins with its own key frame.
export function beginOf(s: RecordingSitting, cameras: readonly RecordedCamera[]): number {
  const firsts = cameras.flatMap((c) => (c.first && (s.streams ?? []).some((x) => x.stream === c.stream && x.seat) ? [Date.parse(c.first)] : []))
  const first = Math.min(...firsts)
  return firsts.length ? Math.max(...firsts.filter((f) => f <= first + together)) : Date.parse(s.from)
}
