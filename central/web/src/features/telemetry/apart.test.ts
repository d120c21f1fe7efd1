import { describe, expect, it } from 'vitest'
import { gapOf, shiftOf, spanAfter, stamp } from './apart'

describe('readings that are kept apart', () => {
  it('are put right by what the clock was ahead, left, or as a person says', () => {
    expect(shiftOf('offset', 5000, 7)).toBe(-5000)
    expect(Object.is(shiftOf('offset', 0, 7), 0)).toBe(true)
    expect(shiftOf('none', 5000, 7)).toBe(0)
    expect(shiftOf('own', 5000, -1.5)).toBe(-1500)
  })
  it('are refused in the future and before the year 2000', () => {
    const now = Date.UTC(2026, 10, 26)
    const sum = { device: 'd', offset_ms: 0, first: '2059-01-01T00:00:00Z', last: '2059-01-01T01:00:00Z' }
    expect(spanAfter(sum, 0, now).taken).toBe(false)
    expect(spanAfter(sum, -33 * 365 * 86_400_000, now).taken).toBe(true)
    expect(spanAfter(sum, -80 * 365 * 86_400_000, now).taken).toBe(false)
  })
  it('have a difference that is read at a glance', () => {
    expect(gapOf(33 * 365.2425 * 86_400_000)).toEqual({ ahead: true, unit: 'years', n: 33 })
    expect(gapOf(-5_400_000)).toEqual({ ahead: false, unit: 'hours', n: 1.5 })
    expect(gapOf(0)).toEqual({ ahead: true, unit: 'ms', n: 0 })
  })
  it('have times that no calendar knows', () => {
    expect(stamp(9e15, () => 'x')).toBe('9000000000000000')
    expect(stamp(0, () => 'x')).toBe('x')
  })
})
