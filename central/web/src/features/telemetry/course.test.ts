import { describe, expect, it } from 'vitest'
import { beside, dotsOf, flagsOf, marksOf, shadesOf, stepText, windowOf } from './course'
import type { Alarm } from '@/api/types'

describe('windowOf', () => {
  it('ends now, or where a free one says', () => {
    expect(windowOf('1h', '', '', 10_000_000)).toEqual({ from: 6_400_000, to: 10_000_000 })
    expect(windowOf('free', '2026-01-01T00:00Z', '2026-01-02T00:00Z', 0)).toEqual({ from: 1_767_225_600_000, to: 1_767_312_000_000 })
  })
  it('is none without a begin, or with a begin after the end', () => {
    expect(windowOf('free', '', '', 10)).toBeUndefined()
    expect(windowOf('free', '2026-01-02T00:00', '2026-01-01T00:00', 0)).toBeUndefined()
  })
})

describe('stepText', () => {
  it.each([[1000, 's', 1], [90_000, 's', 90], [300_000, 'min', 5], [10_800_000, 'h', 3], [86_400_000, 'd', 1]])('%i ms', (ms, unit, n) => expect(stepText(ms)).toEqual({ unit, n }))
})

describe('dotsOf', () => {
  const of = (mean: (number | null)[]) => dotsOf(mean.map((_, i) => i * 10), { mean, min: mean, max: mean })
  it('joins a slow sensor and breaks at a silence', () => {
    expect(of([1, null, 2, null, 3]).map((d) => d.value)).toEqual([1, 2, 3])
    expect(of([1, 2, 3, null, null, null, null, 4]).map((d) => [d.at, d.value])).toEqual([[0, 1], [10, 2], [20, 3], [30, Number.NaN], [70, 4]])
  })
  it('is empty without readings', () => expect(of([null, null])).toEqual([]))
})

describe('quality', () => {
  const series = { uncertain: [0, 2, 1, 0, 1], bad: [0, 0, 0, 3, 1] }
  it('shades neighbouring buckets as one, bad apart from uncertain', () => {
    expect(shadesOf([0, 10, 20, 30, 40], 10, series)).toEqual([{ from: 10, to: 30, bad: false }, { from: 30, to: 50, bad: true }])
  })
  it('is counted', () => {
    expect(flagsOf(series)).toEqual({ bad: 4, uncertain: 4 })
    expect(flagsOf(undefined)).toEqual({ bad: 0, uncertain: 0 })
  })
})

describe('marksOf', () => {
  const alarm = (at: number) => ({ opened_at: new Date(at).toISOString(), level: 2 }) as Alarm
  it('takes alarms that began in the window; many stand without a word', () => {
    expect(marksOf([alarm(5), alarm(15)], { from: 10, to: 20 }, () => '橙')).toEqual([{ at: 15, level: 2, label: '橙' }])
    expect(marksOf(Array.from({ length: 13 }, (_, i) => alarm(i)), { from: 0, to: 20 }, () => '橙').every((m) => m.label === '')).toBe(true)
  })
})

describe('beside', () => {
  it('leaves out itself, doubles and what is no series', () => expect(beside('a/x,b/y,a/x,,junk', 'b/y')).toEqual(['a/x']))
})
