import { describe, expect, it } from 'vitest'
import type { Towns } from './basemap'
import { townIn } from './town'

const town = (name: string, lon: number) => ({ type: 'Feature', properties: { name }, geometry: { type: 'Point', coordinates: [lon, 32] } })
const towns = { type: 'FeatureCollection', features: [town('洋口镇', 121), town('小洋口镇', 122)] } as unknown as Towns

describe('townIn', () => {
  it('finds the township that words name, the longest name first', () => {
    expect(townIn('洋口化工园二号路', towns)).toEqual({ lon: 121, lat: 32 })
    expect(townIn('小洋口镇渔港', towns)).toEqual({ lon: 122, lat: 32 })
    expect(townIn('掘港街道', towns)).toBeUndefined()
  })
})
