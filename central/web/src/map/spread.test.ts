import { describe, expect, it } from 'vitest'
import { spread } from './spread'

const sign = (key: string, x: number, y: number, r = 11) => ({ key, x, y, r })

describe('signs at one spot', () => {
  it('stay where they are while there is room', () => {
    expect(spread([sign('a', 0, 0), sign('b', 40, 0)], [sign('gauge', 0, 40, 13)])).toEqual(new Map([['a', { dx: 0, dy: 0 }], ['b', { dx: 0, dy: 0 }]]))
  })
  it('move aside, so that none covers another or a device', () => {
    const gauge = sign('gauge', 100, 100, 20)
    const all = ['scene', 'crew', 'team', 'house'].map((k) => sign(k, 100, 102))
    const aside = spread(all, [gauge])
    const stand = [gauge, ...all.map((s) => ({ ...s, x: s.x + (aside.get(s.key)?.dx ?? 0), y: s.y + (aside.get(s.key)?.dy ?? 0) }))]
    for (const [i, a] of stand.entries()) for (const b of stand.slice(i + 1)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThanOrEqual(a.r + b.r)
    const way = (k: string) => Math.hypot(aside.get(k)?.dx ?? 0, aside.get(k)?.dy ?? 0)
    expect(way('scene')).toBeLessThanOrEqual(way('house')) // the first has the shortest way
  })
  it('leave what finds no room at its place', () => {
    const wall = Array.from({ length: 400 }, (_, i) => sign(`w${i}`, (i % 20) * 15 - 150, Math.floor(i / 20) * 15 - 150))
    expect(spread([sign('a', 0, 0)], wall).get('a')).toEqual({ dx: 0, dy: 0 })
  })
})
