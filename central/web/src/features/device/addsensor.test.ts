import { describe, expect, it } from 'vitest'
import { idFor, matching, withSensor, wrongField, type DeviceKind, type Fields } from './addsensor'

const kind = (change: Partial<DeviceKind> = {}): DeviceKind => ({
  id: 'generic-water-level-modbus', name: '通用水位计', name_en: 'Gauge', vendor: '', model: '', class: 'water_level', protocol: 'modbus-tcp', source: 'x', verified: false, every: '1s', unit: 1, needs: ['network', 'unit'], series: [], ...change,
})
const fields: Fields = { id: 'a', name: ' 水位 ', name_en: '', address: '192.168.1.10:502', baud: 9600, unit: '1', station: '', secret: '', every: '', lon: '', lat: '' }
const none = new Set<string>()

describe('a new sensor', () => {
  it('gets an id that is free', () => {
    expect(idFor('edge-rudong', kind(), new Set(['rudong-water-level-1']))).toBe('rudong-water-level-2')
  })
  it('is found by words of any language, class and protocol', () => {
    const list = [kind(), kind({ id: 'b', name: '雨量计', class: 'rain', protocol: 'modbus-rtu' })]
    const named = (c: string) => ({ rain: '雨量', water_level: '水位' })[c] ?? c
    expect(matching(list, '水位', named).map((k) => k.id)).toEqual(['generic-water-level-modbus'])
    expect(matching(list, 'rtu 雨', named).map((k) => k.id)).toEqual(['b'])
    expect(matching(list, '', named)).toHaveLength(2)
  })
  it('says which field cannot be', () => {
    const wrong = (change: Partial<Fields>, k = kind()) => wrongField(k, { ...fields, ...change }, new Set(['b']))
    expect(wrong({})).toBe('')
    expect(wrong({ id: 'A!' })).toBe('id')
    expect(wrong({ id: 'b' })).toBe('taken')
    for (const address of ['', '192.168.1.10', 'a b:1', 'host:70000', '/dev/ttyS1']) expect(wrong({ address })).toBe('address')
    expect(wrong({ address: '[::1]:502' })).toBe('')
    expect(wrong({ address: '/dev/ttyS1' }, kind({ needs: ['serial', 'unit'] }))).toBe('')
    expect(wrong({ address: ':9000', station: 'x' }, kind({ needs: ['listen', 'station'] }))).toBe('')
    expect(wrong({ address: ':9000' }, kind({ needs: ['listen', 'station'] }))).toBe('station')
    expect(wrong({ unit: '256' })).toBe('unit')
    expect(wrong({ every: '5' })).toBe('every')
    expect(wrong({ lon: '121' })).toBe('place')
    expect(wrong({ lon: 'x', lat: '3' })).toBe('place')
  })
  it('names the file of its secret, never the secret, and only where the device has one', () => {
    const snmp = kind({ needs: ['network', 'secret'] })
    const station = kind({ needs: ['listen', 'station', 'secret_if'] })
    const wrong = (k: DeviceKind, secret: string) => wrongField(k, { ...fields, secret, station: 'x', address: k === station ? ':9000' : fields.address }, none)
    expect(wrong(snmp, 'ups.community')).toBe('')
    for (const secret of ['', '/etc/passwd', '../edge.yml', '.hidden', 'a b', 'a\\b']) expect(wrong(snmp, secret)).toBe('secret')
    expect([wrong(station, ''), wrong(station, 'outfall'), wrong(station, 'a/b'), wrong(kind(), '')]).toEqual(['', '', 'secret', ''])
    const written = (k: DeviceKind, secret: string) => withSensor({}, k, { ...fields, secret }).sensors?.[0]?.secret_file
    expect([written(snmp, 'ups.community'), written(station, ''), written(kind(), 'left')]).toEqual(['ups.community', undefined, undefined])
  })
  it('goes into the document beside what is there, with its serial line once', () => {
    const rtu = kind({ needs: ['serial', 'unit'] })
    const first = withSensor({ budget: { monthly_mb: 5 } }, rtu, { ...fields, address: '/dev/ttyS1', every: '10s', lon: '121', lat: '32' })
    expect(first).toEqual({ budget: { monthly_mb: 5 }, serial: [{ port: '/dev/ttyS1', baud: 9600 }], sensors: [{ id: 'a', profile: rtu.id, address: '/dev/ttyS1', name: '水位', unit: 1, every: '10s', place: { lon: 121, lat: 32 } }] })
    const second = withSensor(first, rtu, { ...fields, id: 'c', address: '/dev/ttyS1' })
    expect([second.serial?.length, second.sensors?.length]).toEqual([1, 2])
    expect(withSensor({}, kind(), fields)).toEqual({ sensors: [{ id: 'a', profile: kind().id, address: '192.168.1.10:502', name: '水位', unit: 1 }] })
    expect(wrongField(kind(), fields, none)).toBe('')
  })
})
