// The course of one or several series on one time axis: spans, gaps, doubtful stretches, marks. Pure.
import type { Alarm, Compared, Comparison } from '@/api/types'
import type { ChartMark, ChartShade } from '@/ui/chart'
import { gapped, type Dot } from '@/ui/series'

export interface Window {
  from: number
  to: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

export const courseSpans = { '24h': dayMs, '1h': hourMs, '7d': 7 * dayMs, '30d': 30 * dayMs, '1y': 365 * dayMs } as const
export type CourseSpan = keyof typeof courseSpans | 'free'

// windowOf is the time that a chart shows; undefined while a free one has no begin before its end.
export function windowOf(span: CourseSpan, from: string, to: string, now: number): Window | undefined {
  if (span !== 'free') return { from: now - courseSpans[span], to: now }
  const free = { from: Date.parse(from), to: to ? Date.parse(to) : now }
  return free.from < free.to ? free : undefined
}

export interface StepText {
  unit: 's' | 'min' | 'h' | 'd'
  n: number
}

// stepText says the width of a bucket in its largest whole unit.
export function stepText(ms: number): StepText {
  for (const [unit, size] of [['d', dayMs], ['h', hourMs], ['min', 60_000]] as const) if (ms >= size && ms % size === 0) return { unit, n: ms / size }
  return { unit: 's', n: ms / 1000 }
}

// dotsOf are the filled buckets of a series, with its gaps.
export function dotsOf(times: readonly number[], series: Pick<Compared, 'mean' | 'min' | 'max'>): Dot[] {
  const filled: Dot[] = []
  times.forEach((at, i) => {
    const value = series.mean?.[i]
    if (value !== null && value !== undefined) filled.push({ at, value, min: series.min?.[i] ?? value, max: series.max?.[i] ?? value })
  })
  return gapped(filled)
}

// dotsOfAll are the filled buckets of all series of an answer, by time.
export function dotsOfAll(course: Pick<Comparison, 'times' | 'series'>): Dot[] {
  const times = timesOf(course)
  return (course.series ?? []).flatMap((s) => dotsOf(times, s)).sort((a, b) => a.at - b.at)
}

// shadesOf joins neighbouring buckets with doubtful readings; bad ones make the whole bucket bad.
export function shadesOf(times: readonly number[], stepMs: number, series: Pick<Compared, 'bad' | 'uncertain'>): ChartShade[] {
  const shades: ChartShade[] = []
  times.forEach((at, i) => {
    const bad = (series.bad?.[i] ?? 0) > 0
    if (!bad && !(series.uncertain?.[i] ?? 0)) return
    const last = shades.at(-1)
    if (last && last.to === at && last.bad === bad) last.to = at + stepMs
    else shades.push({ from: at, to: at + stepMs, bad })
  })
  return shades
}

// flagsOf counts the doubtful readings of a course.
export function flagsOf(series: Pick<Compared, 'bad' | 'uncertain'> | undefined): { bad: number; uncertain: number } {
  const sum = (counts: readonly number[] | null | undefined) => (counts ?? []).reduce((a, b) => a + b, 0)
  return { bad: sum(series?.bad), uncertain: sum(series?.uncertain) }
}

// More words than these would lie over each other.
const mostWords = 12

// marksOf are the begins of alarms within a window; when there are many, without a word.
export function marksOf(alarms: readonly Alarm[], { from, to }: Window, word: (alarm: Alarm) => string): ChartMark[] {
  const within = alarms.map((alarm) => ({ alarm, at: Date.parse(alarm.opened_at) })).filter(({ at }) => at >= from && at < to)
  return within.map(({ alarm, at }) => ({ at, level: alarm.level, label: within.length > mostWords ? '' : word(alarm) }))
}

export function timesOf(course: Pick<Comparison, 'times'>): number[] {
  return (course.times ?? []).map((at) => Date.parse(at))
}

// beside are the keys of the series to compare with, as the address keeps them.
export function beside(text: string, own: string): string[] {
  return [...new Set(text.split(',').filter((key) => key.includes('/') && key !== own))]
}
