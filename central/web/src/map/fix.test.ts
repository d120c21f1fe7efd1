import { describe, expect, it } from 'vitest'
import { fixOf, pointsTo } from './fix'
import type { Device, Latest } from '@/api/types'

const device = (id: string, parent: string): Device => ({ id, kind: 'sensor', parent, name: id, demo: false, state: 'online', refused: 0, created_at: '', updated_at: '' }) as Device
const at = '2026-11-26T10:00:00Z'
const of = (values: Record<string, [number, string?]>) => (id: string, property: string) => {
  const v = values[`${id}/${property}`]
  return v ? ({ device: id, property, value: v[0], at: v[1] ?? at, quality: 0 } as Latest) : undefined
}

describe('where a terminal is', () => {
  const list = [device('gps', 'car'), device('level', 'car'), device('other', 'boat')]
  it('heads somewhere only while it moves', () => {
    const place = { 'gps/lon': [121], 'gps/lat': [32] } as Record<string, [number, string?]>
    expect(fixOf('car', list, of({ ...place, 'gps/course': [90], 'gps/speed': [9] }))).toEqual({ sensor: 'gps', place: { lon: 121, lat: 32 }, at: Date.parse(at), course: 90, speed: 9 })
    expect(fixOf('car', list, of({ ...place, 'gps/course': [90], 'gps/speed': [0.2] }))?.course).toBeUndefined()
    expect(fixOf('car', list, of({ ...place, 'gps/course': [90] }))?.course).toBeUndefined()
    expect(fixOf('car', list, of({ ...place, 'gps/course': [90, '2026-11-26T09:00:00Z'], 'gps/speed': [9] }))?.course).toBeUndefined()
  })
  it('points by its compass also while it stands, and where it goes without one', () => {
    const place = { 'gps/lon': [121], 'gps/lat': [32] } as Record<string, [number, string?]>
    const way = (more: Record<string, [number, string?]>) => {
      const fix = fixOf('car', list, of({ ...place, ...more }))
      return fix && pointsTo(fix)
    }
    expect(way({ 'gps/heading': [274], 'gps/course': [90], 'gps/speed': [0.2] })).toBe(274)
    expect(way({ 'gps/heading': [274], 'gps/course': [90], 'gps/speed': [9] })).toBe(274)
    expect(way({ 'gps/heading': [274, '2026-11-26T09:00:00Z'], 'gps/course': [90], 'gps/speed': [9] })).toBe(90)
    expect(way({ 'gps/course': [90], 'gps/speed': [0.2] })).toBeUndefined()
  })
  it('is as old as its older half, and not known without both', () => {
    expect(fixOf('car', list, of({ 'gps/lon': [121, '2026-11-26T09:59:00Z'], 'gps/lat': [32] }))?.at).toBe(Date.parse('2026-11-26T09:59:00Z'))
    expect(fixOf('car', list, of({ 'gps/lon': [121] }))).toBeUndefined()
    expect(fixOf('car', list, of({ 'other/lon': [121], 'other/lat': [32] }))).toBeUndefined()
  })
})
