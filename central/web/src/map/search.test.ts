import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Atlas } from './basemap'
import { coordinateIn, deviceHits, find, gazetteer } from './search'
import type { Device } from '@/api/types'

const folder = new URL('../../../../deploy/basemap/', import.meta.url)
const read = (name: string): never => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as never
const atlas: Atlas = { map: read('basemap.json'), land: read('land.geojson'), towns: read('places.geojson'), counties: read('counties-schematic.geojson'), divisions: read('divisions.json') }
const places = gazetteer(atlas)

describe('finding places', () => {
  it('knows every county, town and township of the base map', () => {
    expect(places.filter((h) => h.what === 'county')).toHaveLength(8)
    expect(places.filter((h) => h.what === 'town')).toHaveLength(130)
  })
  it('finds a town by its Chinese and English name', () => {
    expect(find('吕四港', places)[0]).toMatchObject({ what: 'town', name: '吕四港', within: '启东市' })
    expect(find('qi dong', places)[0]).toMatchObject({ name: '启东市' })
    expect(find("hai'an", places)[0]).toMatchObject({ name: '海安市' })
  })
  it('says that a township without a known position is only roughly there', () => {
    expect(find('洋口镇', places)[0]).toMatchObject({ what: 'township', rough: true, within: '如东县' })
  })
  it('finds nothing for nothing', () => {
    expect(find('  ', places)).toEqual([])
    expect(find('乌有乡', places)).toEqual([])
  })
})

describe('finding devices', () => {
  const device: Device = { id: 'rd-level-1', kind: 'sensor', name: '洋口外闸水位', demo: true, state: 'online', refused: 0, created_at: '', updated_at: '' }
  it('works by name and by id, and only for what stands on the map', () => {
    const hits = deviceHits([device, { ...device, id: 'x' }], new Map([['rd-level-1', { lon: 120, lat: 32 }]]))
    expect(hits).toHaveLength(1)
    expect(find('外闸', hits)[0]?.device).toBe('rd-level-1')
    expect(find('rd-lev', hits)[0]?.device).toBe('rd-level-1')
  })
})

describe('coordinates', () => {
  it('are understood in either order', () => {
    expect(coordinateIn('32.53, 120.94')).toEqual({ lat: 32.53, lon: 120.94 })
    expect(coordinateIn('120.94 32.53')).toEqual({ lat: 32.53, lon: 120.94 })
    expect(coordinateIn('32.53164°N 120.94793°E')).toEqual({ lat: 32.53164, lon: 120.94793 })
    expect(coordinateIn('10 20')).toBeUndefined()
    expect(coordinateIn('3 号闸 120')).toBeUndefined()
  })
})
