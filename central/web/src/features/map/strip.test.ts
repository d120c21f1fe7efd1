import { describe, expect, it } from 'vitest'
import { hoursIn, marksOf } from './strip'

describe('the strip of alarms', () => {
  const at = (n: number) => new Date(n).toISOString()
  it('places, cuts and leaves out', () => {
    const marks = marksOf([{ opened_at: at(150), returned_at: at(175) }, { opened_at: at(50), returned_at: at(110) }, { opened_at: at(10), returned_at: at(20) }, { opened_at: at(190) }], 100, 200)
    expect(marks.map((m) => [m.left, Number(m.width.toFixed(3))])).toEqual([[0.5, 0.25], [0, 0.1], [0.9, 0.1]])
  })
  it('labels full hours', () => {
    const from = new Date(2026, 10, 24, 1, 30).getTime()
    expect(hoursIn(from, from + 6 * 3_600_000, 3).map((h) => h.hour)).toEqual([3, 6])
  })
})
