import { describe, expect, it } from 'vitest'
import { chinaDay, timeIn } from './when'

const now = new Date(2026, 10, 26, 8, 30).getTime()

describe('a time as it is typed', () => {
  it('is of today, of yesterday where it lies ahead, or of the day that is said', () => {
    expect(timeIn('0805', now)).toEqual(new Date(2026, 10, 26, 8, 5))
    expect(timeIn('8:05', now)).toEqual(new Date(2026, 10, 26, 8, 5))
    expect(timeIn('23:10', now)).toEqual(new Date(2026, 10, 25, 23, 10))
    expect(timeIn('11-24 23:10', now)).toEqual(new Date(2026, 10, 24, 23, 10))
    expect(timeIn('2025-12-31 00:01', now)).toEqual(new Date(2025, 11, 31, 0, 1))
  })
  it('is nothing when it is no time', () => {
    for (const said of ['', 'x', '2460', '2510', '13-40 08:00', '8']) expect(timeIn(said, now)).toBeUndefined()
  })
})

describe('the day of a moment', () => {
  it('is the one in China', () => {
    expect(chinaDay(Date.parse('2026-11-26T15:59:59Z'))).toBe('2026-11-26')
    expect(chinaDay(Date.parse('2026-11-26T16:00:00Z'))).toBe('2026-11-27')
  })
})
