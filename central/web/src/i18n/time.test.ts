import { describe, expect, it } from 'vitest'
import { ago, clock, elapsed, full, longer, moment, until } from './time'

const s = 1000
const m = 60 * s
const h = 60 * m

describe('elapsed', () => {
  it.each([[0, '0:00'], [72 * s, '1:12'], [2 * h + 3 * m + 44 * s, '2:03:44'], [-5 * s, '0:00']])('%d', (ms, text) => {
    expect(elapsed(ms)).toBe(text)
  })
  it('leaves days to words', () => {
    expect(longer(23 * h)).toBeUndefined()
    expect(longer(50 * h)).toEqual({ key: 'time.days_hours', n: 2, m: 2 })
  })
})

describe('ago', () => {
  it.each([[2 * s, 'time.just_now', 0], [59 * s, 'time.seconds_ago', 59], [3 * m, 'time.minutes_ago', 3], [26 * h, 'time.days_ago', 1], [-h, 'time.just_now', 0]])('%d', (ms, key, n) => {
    expect(ago(ms)).toMatchObject({ key, n })
  })
})

describe('until', () => {
  it.each([[30 * s, 'time.minutes_left', 1], [25 * h, 'time.hours_left', 25], [90 * 24 * h, 'time.days_left', 90]])('%d', (ms, key, n) => {
    expect(until(ms)).toMatchObject({ key, n })
  })
  it('is over at zero', () => expect(until(0)).toBeUndefined())
})

describe('moments', () => {
  const now = new Date(2026, 10, 24, 12, 0, 0)
  it('leaves out what is the same as now', () => {
    expect(moment(new Date(2026, 10, 24, 2, 47, 16), now)).toBe('02:47:16')
    expect(moment(new Date(2026, 10, 23, 2, 47), now)).toBe('11-23 02:47')
    expect(moment(new Date(2025, 0, 2, 3, 4), now)).toBe('2025-01-02 03:04')
  })
  it('is exact when asked', () => {
    expect(full(new Date(2026, 0, 2, 3, 4, 5))).toBe('2026-01-02 03:04:05')
    expect(clock(new Date(2026, 0, 2, 3, 4, 5), false)).toBe('03:04')
  })
})
