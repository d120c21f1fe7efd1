import { describe, expect, it } from 'vitest'
import { metres } from './distance'
import { buttonsOf, most, type Force } from './forces'

const force = (id: string, kind: Force['kind'], lon: number): Force => ({ id, kind, place: { lon, lat: 32 }, name: id, state: '', busy: false })

describe('which of those who help become buttons', () => {
  it('takes what is in view: the scene and its crews first, then the nearest to the middle', () => {
    const list = [force('far', 'team', 121.4), force('near', 'house', 121.01), force('crew', 'crew', 121.3), force('away', 'team', 125), force('scene', 'scene', 121.2)]
    expect(buttonsOf(list, (p) => p.lon < 122, { lon: 121, lat: 32 }).map((f) => f.id)).toEqual(['scene', 'crew', 'near', 'far'])
  })
  it('leaves the others as dots', () => {
    const list = Array.from({ length: 5000 }, (_, i) => force(`t${i}`, 'team', 121 + i / 10_000))
    const shown = buttonsOf(list, () => true, { lon: 121, lat: 32 })
    expect(shown).toHaveLength(most)
    expect(shown.at(-1)?.id).toBe(`t${most - 1}`)
  })
})

describe('how far it is', () => {
  it('is right within a few metres over a county', () => {
    expect(metres({ lon: 121, lat: 32 }, { lon: 121, lat: 33 })).toBeCloseTo(111_195, -1)
    expect(metres({ lon: 121, lat: 32 }, { lon: 121, lat: 32 })).toBe(0)
  })
})
