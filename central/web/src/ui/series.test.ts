import { describe, expect, it } from 'vitest'
import { gapped, pathOf } from './series'

const dot = (at: number, value: number) => ({ at, value, min: value, max: value })

describe('gapped', () => {
  it('breaks the line where nothing came for long', () => {
    expect(gapped([dot(0, 1), dot(10, 2), dot(20, 3), dot(100, 4)]).map((d) => [d.at, d.value])).toEqual([[0, 1], [10, 2], [20, 3], [30, Number.NaN], [100, 4]])
  })
  it('leaves a slow sensor whole', () => expect(gapped([dot(0, 1), dot(60, 2), dot(120, 3)])).toHaveLength(3))
  it('takes nothing', () => expect(gapped([])).toEqual([]))
})

describe('pathOf', () => {
  it('lies at its times', () => expect(pathOf([dot(0, 1), dot(10, 3), dot(40, 2)], { from: 0, to: 40 }, 100, 20)).toBe('M0.0 20.0L25.0 0.0L100.0 10.0'))
  it('keeps gaps', () => expect(pathOf([dot(0, 1), dot(10, Number.NaN), dot(20, 1), dot(40, 3)], { from: 0, to: 40 }, 100, 20)).toBe('M0.0 20.0M50.0 20.0L100.0 0.0'))
  it('is flat for one value, and empty for less', () => {
    expect(pathOf([dot(0, 5), dot(10, 5)], { from: 0, to: 10 }, 10, 20)).toBe('M0.0 20.0L10.0 20.0')
    expect(pathOf([dot(0, 1)], { from: 0, to: 10 }, 10, 20)).toBe('')
  })
})
