import { expect, it } from 'vitest'
import { metres } from '@/map/distance'
import { nearest } from './near'

it('measures the width of a county', () => {
  expect(Math.round(metres({ lon: 121, lat: 32 }, { lon: 121.1, lat: 32 }) / 100)).toBe(94)
})
it('puts the nearest first and leaves out what has no place', () => {
  const things = [{ id: 'far', place: { lon: 121.5, lat: 32 } }, { id: 'nowhere' }, { id: 'near', place: { lon: 121.01, lat: 32 } }]
  expect(nearest(things, { lon: 121, lat: 32 }, 5).map((n) => n.thing.id)).toEqual(['near', 'far'])
})
