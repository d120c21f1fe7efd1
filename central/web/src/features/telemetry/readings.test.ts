import { describe, expect, it } from 'vitest'
import { gibText, readingsOf, sensorAddress } from './readings'
import type { Device } from '@/api/types'

const series = (property: string) => ({ property, name: property, name_en: property, unit: 'm', digits: 2 })
const device = { id: 'car', name: '指挥车', state: 'online', series: [series('lon'), series('lat'), series('speed')] } as unknown as Device

describe('readingsOf', () => {
  it('leaves coordinates out and filters by name', () => {
    expect(readingsOf([device], new Map(), '').map((r) => r.key)).toEqual(['car/speed'])
    expect(readingsOf([device], new Map(), '指挥')).toHaveLength(1)
    expect(readingsOf([device], new Map(), '水位')).toHaveLength(0)
  })
  it('leaves out what is revoked', () => {
    expect(readingsOf([{ ...device, state: 'revoked' }], new Map(), '')).toHaveLength(0)
  })
})

describe('sensorAddress', () => {
  it('keeps a name with a slash in one piece', () => expect(sensorAddress('a/b', 'x y')).toBe('/monitor/a%2Fb/x%20y'))
})

describe('gibText', () => {
  it('keeps one digit', () => expect([gibText(0), gibText(1.5 * 2 ** 30)]).toEqual(['0.0 GiB', '1.5 GiB']))
})
