import { describe, expect, it } from 'vitest'
import { chinaDay, nextAt, timeIn } from './when'

const now = new Date(2026, 10, 26, 8, 30).getTime()

describe('a time as it is typed', () => {
  it('is of today, of last night where it lies ahead, or of the day that is said', () => {
    expect(timeIn('0805', now)).toEqual({ at: new Date(2026, 10, 26, 8, 5), doubt: '' })
    expect(timeIn('8：05', now)).toEqual({ at: new Date(2026, 10, 26, 8, 5), doubt: '' })
    expect(timeIn('23:10', now)).toEqual({ at: new Date(2026, 10, 25, 23, 10), doubt: '' })
    expect(timeIn('11-24 23:10', now)).toEqual({ at: new Date(2026, 10, 24, 23, 10), doubt: '' })
    expect(timeIn('2025-12-31 00:01', now)).toEqual({ at: new Date(2025, 11, 31, 0, 1), doubt: '' })
    expect(timeIn('12-31 23:50', new Date(2027, 0, 1, 0, 10).getTime())).toEqual({ at: new Date(2026, 11, 31, 23, 50), doubt: '' })
  })
  it('is in doubt when it lies ahead and would be yesterday’s by day, or when the day that is said is still to come', () => {
    expect(timeIn('23:30', new Date(2026, 10, 26, 23, 7).getTime())).toEqual({ at: new Date(2026, 10, 25, 23, 30), doubt: 'past' })
    expect(timeIn('23:58', new Date(2026, 10, 26, 23, 2).getTime())?.doubt).toBe('past')
    expect(timeIn('0835', now)?.doubt).toBe('past')
    expect(timeIn('0831', now)?.doubt).toBe('') // two minutes are a clock that goes differently
    expect(timeIn('11-27 08:05', now)).toEqual({ at: new Date(2026, 10, 27, 8, 5), doubt: 'future' })
    expect(timeIn('2026-12-31 08:05', now)?.doubt).toBe('future')
  })
  it('is nothing when it is no time', () => {
    for (const said of ['', 'x', '2460', '2510', '13-40 08:00', '02-30 08:00', '8']) expect(timeIn(said, now)).toBeUndefined()
  })
  it('is the next one where a limit is meant', () => {
    expect(nextAt('0900', now)).toEqual(new Date(2026, 10, 26, 9, 0))
    expect(nextAt('8:05', now)).toEqual(new Date(2026, 10, 27, 8, 5))
    expect(nextAt('11-27 08:05', now)).toEqual(new Date(2026, 10, 27, 8, 5))
    expect(nextAt('2027-03-01 0805', now)).toEqual(new Date(2027, 2, 1, 8, 5))
    expect(nextAt('01-02 08:00', new Date(2026, 11, 30, 8, 0).getTime())).toEqual(new Date(2027, 0, 2, 8, 0))
    for (const said of ['', '24:00', '11-25 08:05', '2025-12-01 08:05', '02-30 08:00']) expect(nextAt(said, now)).toBeUndefined()
  })
})

describe('the day of a moment', () => {
  it('is the one in China', () => {
    expect(chinaDay(Date.parse('2026-11-26T15:59:59Z'))).toBe('2026-11-26')
    expect(chinaDay(Date.parse('2026-11-26T16:00:00Z'))).toBe('2026-11-27')
  })
})
