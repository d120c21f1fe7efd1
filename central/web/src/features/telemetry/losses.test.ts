import { describe, expect, it } from 'vitest'
import { lossKind, lossesIn } from './losses'
import type { Loss } from '@/api/types'

const loss = (from: number, to: number, why: string): Loss => ({ id: '1', edge: 'e', at: '', lane: 2, from, to, count: 1, why })

describe('losses', () => {
  it('are thinned or dropped', () => {
    expect(lossKind(loss(0, 1, 'disk quota: thinned to lowest, highest and last of 1 min'))).toBe('thinned')
    expect(lossKind(loss(0, 1, 'disk quota: oldest dropped'))).toBe('dropped')
    expect(lossKind(loss(0, 1, 'disk full: not taken'))).toBe('dropped')
  })
  it('stand in a chart whose span they touch', () => {
    const all = [loss(0, 10, ''), loss(20, 30, '')]
    expect(lossesIn(all, { from: 10, to: 20 })).toEqual([all[0]])
    expect(lossesIn(all, undefined)).toEqual([])
  })
})
