import { describe, expect, it } from 'vitest'
import { full, grown, pointAt, worth, type Shape } from './drawing'

const stroke = (kind: Shape['kind'], ...points: number[][]): Shape => ({ kind, colour: 'red', points })

describe('a drawing', () => {
  it('stays inside the picture', () => {
    expect(pointAt(-0.2, 1.00001)).toEqual([0, 1])
    expect(pointAt(0.123456, 0.5)).toEqual([0.1235, 0.5])
  })
  it('ends an arrow where the hand is, and leads a line on', () => {
    expect(grown(grown(stroke('arrow', [0, 0]), [0.5, 0.5]), [1, 0]).points).toEqual([[0, 0], [1, 0]])
    expect(grown(grown(stroke('line', [0, 0]), [0.5, 0.5]), [1, 0]).points).toHaveLength(3)
    const long = stroke('line', ...Array.from({ length: 400 }, () => [0, 0]))
    expect(grown(long, [1, 1])).toBe(long)
  })
  it('puts a circle between where the hand began and where it is, inside the picture', () => {
    const begun = grown(stroke('circle', [0.9, 0.8]), [1, 0.9], [0.9, 0.8])
    expect(grown(begun, [1, 1], [0.9, 0.8]).points).toEqual([[0.95, 0.9], [1, 1]])
  })
  it('keeps no stroke that says nothing', () => {
    expect([stroke('arrow', [0, 0]), stroke('arrow', [0, 0], [0.001, 0]), stroke('circle', [0, 0], [0.5, 0]), { ...stroke('text', [0, 0]), text: ' ' }, { ...stroke('text', [0, 0]), text: '管涌' }].map(worth)).toEqual([false, false, true, false, true])
  })
  it('has at most a hundred strokes', () => {
    expect(full(Array.from({ length: 100 }, () => stroke('line')))).toBe(true)
  })
})
