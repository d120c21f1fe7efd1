import { describe, expect, it } from 'vitest'
import { beginOf, fromBegin, gapped, pathOf, withTail } from './series'

const dot = (at: number, value: number) => ({ at, value, min: value, max: value })

describe('gapped', () => {
  it('breaks the line where nothing came for long', () => {
    expect(gapped([dot(0, 1), dot(10, 2), dot(20, 3), dot(100, 4)]).map((d) => [d.at, d.value])).toEqual([[0, 1], [10, 2], [20, 3], [30, Number.NaN], [100, 4]])
  })
  it('leaves a slow sensor whole', () => expect(gapped([dot(0, 1), dot(60, 2), dot(120, 3)])).toHaveLength(3))
  it('takes nothing', () => expect(gapped([])).toEqual([]))
})

describe('withTail', () => {
  it('goes on in the steps of what is stored', () => {
    const tail = withTail([dot(0, 1), dot(100, 2)], [dot(90, 9), dot(120, 3), dot(150, 5), dot(210, 4)], 100)
    expect(tail.slice(2)).toEqual([{ at: 150, value: 4, min: 3, max: 5 }, { at: 210, value: 4, min: 4, max: 4 }])
  })
})

describe('a chart of young data', () => {
  const minute = 60_000
  const day = { from: 0, to: 1440 * minute }
  it('begins where they begin', () => {
    expect(beginOf([dot(1400 * minute, 1)], day)).toBe(1400 * minute)
    expect(beginOf([dot(1439 * minute, 1)], day)).toBe(1430 * minute)
    expect(beginOf([dot(600 * minute, 1)], day)).toBe(0)
    expect(beginOf([dot(0, Number.NaN)], day)).toBe(0)
  })
  it('is read again from there, in what a step of a long window hides as well', async () => {
    const asked: number[] = []
    const read = (from: number) => {
      asked.push(from)
      const step = Math.max(1, Math.floor((day.to - from) / 10 / minute)) * minute
      return Promise.resolve([dot(Math.floor((1425 * minute - from) / step) * step + from, 1)])
    }
    expect((await fromBegin(day, read, (a) => a)).from).toBe(1422 * minute)
    expect(asked).toEqual([0, 1296 * minute, 1422 * minute])
  })
})

describe('pathOf', () => {
  it('lies at its times', () => expect(pathOf([dot(0, 1), dot(10, 3), dot(40, 2)], { from: 0, to: 40 }, 100, 20)).toBe('M0.0 20.0L25.0 0.0L100.0 10.0'))
  it('keeps gaps', () => expect(pathOf([dot(0, 1), dot(10, Number.NaN), dot(20, 1), dot(40, 3)], { from: 0, to: 40 }, 100, 20)).toBe('M0.0 20.0M50.0 20.0L100.0 0.0'))
  it('is flat for one value, and empty for less', () => {
    expect(pathOf([dot(0, 5), dot(10, 5)], { from: 0, to: 10 }, 10, 20)).toBe('M0.0 20.0L10.0 20.0')
    expect(pathOf([dot(0, 1)], { from: 0, to: 10 }, 10, 20)).toBe('')
  })
})
