import { describe, expect, it } from 'vitest'
import { marksOf, type Way } from './layers/ways'

const way = (n: number): Way => ({ id: 'w', kind: 'crew', name: '抢险一队', spots: Array.from({ length: n }, (_, i) => ({ at: String(i), lon: 121 + i / 100, lat: 32 })) })
const said = (n: number) => marksOf(way(n), (at) => `t${at}`).map((m) => m.word)

describe('a way on the map', () => {
  it('names who went at its end, also of one who was seen once', () => {
    expect(said(1)).toEqual(['抢险一队 t0'])
    expect(said(3)).toEqual(['t0', 't1', '抢险一队 t2'])
  })
  it('carries few words however long it is, and none close to its end', () => {
    const list = said(300)
    expect(list.length).toBeLessThanOrEqual(8)
    expect(list[0]).toBe('t0')
    expect(list.at(-1)).toBe('抢险一队 t299')
    expect(list.at(-2)).not.toBe('t298')
  })
})
