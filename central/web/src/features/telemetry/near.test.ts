import { describe, expect, it } from 'vitest'
import { bearing, eighth, nearest } from './near'
import type { Device } from '@/api/types'
import { metres } from '@/map/distance'

const gate = { lon: 121.05, lat: 32.5 }
const camera = (id: string, lon: number, lat: number, more: Partial<Device> = {}) => ({ id, kind: 'camera', state: 'online', place: { lon, lat }, ...more }) as Device

describe('nearest', () => {
  it('lists cameras within 5 km, the nearest first', () => {
    const found = nearest([camera('far', 121.2, 32.5), camera('b', 121.06, 32.5), camera('a', 121.05, 32.501), camera('gone', 121.05, 32.5, { state: 'revoked' }), camera('gauge', 121.05, 32.5, { kind: 'sensor' }), { id: 'homeless', kind: 'camera', state: 'online' } as Device], gate, 3)
    expect(found.map((n) => n.camera.id)).toEqual(['a', 'b'])
    expect(nearest([camera('a', 121.05, 32.501), camera('b', 121.06, 32.5)], gate, 1)).toHaveLength(1)
  })
  it('measures as a map does', () => {
    expect(metres(gate, { lon: 121.05, lat: 32.51 })).toBeCloseTo(1112, 0)
    expect(metres(gate, gate)).toBe(0)
    expect(eighth(bearing(gate, { lon: 121.05, lat: 32.6 }))).toBe('n')
    expect(eighth(bearing(gate, { lon: 121.15, lat: 32.5 }))).toBe('e')
    expect(eighth(bearing(gate, { lon: 121.0, lat: 32.45 }))).toBe('sw')
    expect(eighth(350)).toBe('n')
  })
})
