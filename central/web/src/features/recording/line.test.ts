import { describe, expect, it } from 'vitest'
import { around, covered, covering, dayOf, faster, jump, nextOf, share, sized, ticks, upTo } from './line'

const noon = new Date(2026, 10, 24, 12).getTime()
const minute = 60_000

describe('the axis of a recording', () => {
  it('shows a day, and parts of it that stay within', () => {
    const day = dayOf(noon)
    expect(new Date(day.from).getHours()).toBe(0)
    expect(around(noon, 10 * minute, day)).toEqual({ from: noon - 5 * minute, to: noon + 5 * minute })
    expect(around(day.from, 10 * minute, day).from).toBe(day.from)
    expect(around(day.to, 10 * minute, day).to).toBe(day.to)
    expect(share(noon, around(noon, 10 * minute, day))).toBe(50)
    expect(share(noon - 60 * minute, around(noon, 10 * minute, day))).toBe(0)
  })

  it('shows what has been, and little of what is to come', () => {
    const day = dayOf(noon)
    expect(upTo(noon, 60 * minute, noon)).toEqual({ from: noon - 57 * minute, to: noon + 3 * minute })
    expect(upTo(day.from + minute, 60 * minute, day.from + minute)).toEqual({ from: day.from, to: day.from + 60 * minute })
    expect(upTo(noon, 60 * minute, day.to + minute)).toEqual(around(noon, 60 * minute, day))
    expect(upTo(noon, 24 * 60 * minute, noon)).toEqual(day)
  })

  it('has few round ticks', () => {
    for (const length of [24 * 60, 6 * 60, 60, 10]) {
      const found = ticks(around(noon + 37_000, length * minute, dayOf(noon)))
      expect(found.length).toBeGreaterThan(4)
      expect(found.length).toBeLessThanOrEqual(13)
      expect(found.every((at) => new Date(at).getSeconds() === 0)).toBe(true)
    }
  })

  it('knows what is there and where to go', () => {
    const list = [{ from: 0, to: 10 }, { from: 20, to: 30 }]
    expect(covered(list, 10)).toBeUndefined()
    expect(covered(list, 20)).toBe(list[1])
    expect(nextOf([list, [{ from: 15, to: 16 }]], 10)).toBe(15)
    expect(nextOf([list], 25)).toBeUndefined()
    expect(jump([5000, 1000, 9000], 5000, 1)).toBe(9000)
    expect(jump([5000, 1000, 9000], 5500, -1)).toBe(1000)
    expect(jump([5000], 9000, 1)).toBeUndefined()
  })

  it('knows how much of a window is there', () => {
    const iso = (at: number) => new Date(at).toISOString()
    const list = [{ from: iso(0), to: iso(10_000) }, { from: iso(20_000), to: iso(30_000) }]
    expect(covering(list, { from: 5000, to: 22_000 })).toBe(7000)
    expect(covering(list, { from: 12_000, to: 18_000 })).toBe(0)
  })

  it('changes its speed by steps', () => {
    expect(faster(1, 1)).toBe(2)
    expect(faster(8, 1)).toBe(8)
    expect(faster(0.25, -1)).toBe(0.25)
  })

  it('says sizes in units that are read', () => {
    expect(sized(3 * 2 ** 20)).toBe('3 MB')
    expect(sized(1.5 * 2 ** 30)).toBe('1.5 GB')
  })
})
