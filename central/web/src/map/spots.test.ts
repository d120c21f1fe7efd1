import { describe, expect, it } from 'vitest'
import { manyOf, apartPx, mostLines, spotsOf, worldOf } from './spots'
import type { Thing, Things } from './things'

const zoom = 10

function thing(id: string, more: Partial<Thing> = {}): Thing {
  return { id, kind: 'sensor', shape: 'level', name: id, tone: 'fresh', value: '1 m', since: '', work: false, below: false, level: 0, stream: '', ...more }
}
// at puts things so many pixels east of the first.
function at(list: [Thing, number][]): Things {
  const perPixel = 360 / (512 * 2 ** zoom)
  return { type: 'FeatureCollection', features: list.map(([properties, px]) => ({ type: 'Feature', properties, geometry: { type: 'Point', coordinates: [120.9 + px * perPixel, 32.5] } })) }
}

describe('things that share a spot', () => {
  it('stand together, the gravest first, whatever their kinds', () => {
    const { spots, crowds } = spotsOf([at([[thing('cam', { kind: 'camera' }), 0], [thing('calm'), 0]]), at([[thing('yellow', { level: 3 }), 5], [thing('orange', { level: 2 }), 9]])], zoom)
    expect(crowds).toEqual([])
    expect(spots.map((s) => s.things.map((t) => t.id))).toEqual([['orange', 'yellow', 'calm', 'cam']])
  })
  it('part as soon as their signs have room', () => {
    const both = at([[thing('a'), 0], [thing('b'), apartPx - 1]])
    expect(spotsOf([both], zoom).spots).toHaveLength(1)
    expect(spotsOf([both], zoom + 0.25).spots).toHaveLength(2)
  })
  it('take in what passes, and keep their place', () => {
    const { spots } = spotsOf([at([[thing('car', { kind: 'mobile' }), 0], [thing('a', { kind: 'camera' }), 20]])], zoom)
    expect(spots.map((s) => [s.key, s.things.length])).toEqual([['a', 2]])
  })
  it('become a bubble when they are many, but never what is in alarm', () => {
    const many = Array.from({ length: 40 }, (_, i): [Thing, number] => [thing(`s${i}`, { level: i < 8 ? 1 : 0 }), i % 10])
    const { spots, crowds } = spotsOf([at(many)], zoom)
    expect(crowds.map((c) => c.ids.length)).toEqual([32])
    expect(spots.map((s) => [s.things.length, s.more])).toEqual([[mostLines, 2]])
  })
})

describe('the world in pixels', () => {
  it('is as MapLibre has it', () => {
    expect(worldOf({ lon: 0, lat: 0 }, 0)).toEqual({ x: 256, y: 256 })
    expect(worldOf({ lon: 180, lat: 85.0511287798 }, 0).y).toBeCloseTo(0, 5)
  })
})

describe('manyOf', () => {
  const crowd = { lon: [121, 121.001, 121.5], lat: [32, 32, 32], count: [10, 30, 5] }
  it('gathers what has no room for two numbers, in the middle of its things', () => {
    const many = manyOf(crowd, 9)
    expect(many.map((m) => m.count).sort()).toEqual([40, 5])
    expect(many.find((m) => m.count === 40)?.place.lon).toBeCloseTo(121.00075, 6)
  })
  it('parts them as one comes closer', () => {
    expect(manyOf(crowd, 17).map((m) => m.count)).toEqual([10, 30, 5])
  })
})
