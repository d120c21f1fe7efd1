import { expect, it } from 'vitest'
import { beside } from './choice'

it('means the incident beside a scene, and none that is farther away', () => {
  const scene = { lon: 121, lat: 32 }
  const list = [{ id: 'nowhere' }, { id: 'far', lon: 121.1, lat: 32 }, { id: 'beside', lon: 121.005, lat: 32 }, { id: 'here', lon: 121, lat: 32 }]
  const of = (places: { lon: number; lat: number }[], n: number): string => beside(places, list.slice(0, n))?.id ?? ''
  expect([of([scene], 4), of([scene], 3), of([scene], 2), of([], 4)]).toEqual(['here', 'beside', '', ''])
})
