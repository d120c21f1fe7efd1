import { describe, expect, it } from 'vitest'
import { gibText, readingsOf, sensorAddress, standingsOf, type Wish } from './readings'
import type { Alarm, Device, Latest } from '@/api/types'

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

describe('standingsOf', () => {
  const now = Date.parse('2026-11-24T10:00:00Z')
  const at = '2026-11-24T09:59:30Z'
  const two = [
    { ...device, id: 'a', division: '320623', class: 'gas', series: [series('x')] },
    { ...device, id: 'b', division: '320681', class: 'rain', state: 'offline', series: [series('x')] },
    { ...device, id: 'c', division: '320681', class: 'rain', series: [series('x')] },
  ] as unknown as Device[]
  const latest = new Map(['a', 'b'].map((d) => [`${d}/x`, { device: d, property: 'x', at, quality: 0, value: 1 } as Latest]))
  const alarms = [{ device: 'a', property: 'x', level: 3, state: 'acknowledged' }, { device: 'a', property: 'x', level: 2, state: 'open' }, { device: 'c', property: 'x', level: 1, state: 'cleared' }] as Alarm[]
  const stand = (wish: Partial<Wish>) => standingsOf(readingsOf(two, latest, ''), alarms, now, { division: '', class: '', stand: '', ...wish }).map((r) => [r.device.id, r.level, r.silent])

  it('tells the worst alarm, and what is silent: offline, or never heard', () => expect(stand({})).toEqual([['a', 2, false], ['b', 0, true], ['c', 0, true]]))
  it('keeps what is wished for', () => {
    expect(stand({ stand: 'alarmed' }).map(([id]) => id)).toEqual(['a'])
    expect(stand({ stand: 'silent', class: 'rain' }).map(([id]) => id)).toEqual(['b', 'c'])
    expect(stand({ division: '320623' }).map(([id]) => id)).toEqual(['a'])
  })
})
