import { describe, expect, it } from 'vitest'
import { monthOf, monthsTo, spanOf, yearsTo } from './months'

describe('the months of the statistics', () => {
  it('begin at midnight in China, when it is still the month before in Greenwich', () => {
    const first = Date.parse('2026-12-31T16:00:00Z')
    expect(monthOf(first - 1)).toBe('2026-12')
    expect(monthOf(first)).toBe('2027-01')
    expect(monthsTo(first)).toEqual(['2027-01', '2026-12', '2026-11', '2026-10', '2026-09', '2026-08', '2026-07', '2026-06', '2026-05', '2026-04', '2026-03', '2026-02'])
    expect(yearsTo(first)).toEqual(['2027', '2026', '2025'])
  })
  it('last from the first midnight to the next', () => {
    expect(spanOf('2026-12')).toEqual({ from: '2026-11-30T16:00:00.000Z', to: '2026-12-31T16:00:00.000Z' })
    expect(spanOf('2026')).toEqual({ from: '2025-12-31T16:00:00.000Z', to: '2026-12-31T16:00:00.000Z' })
  })
})
