import { expect, it } from 'vitest'
import { metres } from '@/map/distance'
import { camerasNear, nearest } from './near'

it('measures the width of a county', () => {
  expect(Math.round(metres({ lon: 121, lat: 32 }, { lon: 121.1, lat: 32 }) / 100)).toBe(94)
})
it('puts the nearest first and leaves out what has no place', () => {
  const things = [{ id: 'far', place: { lon: 121.5, lat: 32 } }, { id: 'nowhere' }, { id: 'near', place: { lon: 121.01, lat: 32 } }]
  expect(nearest(things, { lon: 121, lat: 32 }, 5).map((n) => n.thing.id)).toEqual(['near', 'far'])
})
it('puts what is tied to the incident before what is near', () => {
  const camera = (id: string, lon?: number) => ({ id, kind: 'camera', state: 'online', division: '320623', ...(lon ? { place: { lon, lat: 32 } } : {}) })
  const things = [camera('far', 121.4), camera('near', 121.01), camera('phone'), { ...camera('gone'), state: 'revoked' }]
  const at = { lon: 121, lat: 32, division: '320623' }
  expect(camerasNear(things, at).map((c) => c.id)).toEqual(['near', 'far'])
  expect(camerasNear(things, at, new Set(['phone', 'gone'])).map((c) => c.id)).toEqual(['phone', 'near'])
})
