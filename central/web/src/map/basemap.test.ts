import { describe, expect, it } from 'vitest'
import { bordersOf, middle, type Atlas, type Counties } from './basemap'
import { above, groupOf } from './order'

// Two square counties side by side; the west of the first is coast.
const counties: Counties = {
  type: 'FeatureCollection',
  features: [
    { type: 'Feature', properties: { code: '1', name: '甲', name_en: 'A' }, geometry: { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]] } },
    { type: 'Feature', properties: { code: '2', name: '乙', name_en: 'B' }, geometry: { type: 'MultiPolygon', coordinates: [[[[1, 0], [2, 0], [2, 1], [1, 1], [1, 0]]]] } },
  ],
}
const land: Atlas['land'] = { type: 'FeatureCollection', features: [{ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [[[0, 0], [9, 0], [9, 9], [0, 1], [0, 0]]] } }] }

describe('county borders', () => {
  it('are drawn once, and not along the coast', () => {
    const segments = bordersOf(counties, land).flatMap((line) => line.slice(1).map((p, i) => [String(line[i]), String(p)].sort().join(' ')))
    expect(segments.filter((s) => s === '1,0 1,1')).toHaveLength(1)
    expect(segments).not.toContain('0,0 0,1')
    expect(segments).toHaveLength(6)
  })
})

describe('middle', () => {
  it('is the centroid of the largest part', () => {
    expect(middle({ type: 'MultiPolygon', coordinates: [[[[0, 0], [0.1, 0], [0.1, 0.1], [0, 0]]], [[[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]]]] })).toEqual([5, 5])
  })
})

describe('layer order', () => {
  it('puts a layer under the first of a higher group', () => {
    expect(above('counties:name', ['outside', 'ground:sea', 'signs:sensors', 'selection:ring'])).toBe('signs:sensors')
    expect(above('selection:ring', ['ground:sea'])).toBeUndefined()
    expect(groupOf('outside')).toBeUndefined()
  })
})
