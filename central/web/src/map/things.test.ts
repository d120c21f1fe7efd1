import { describe, expect, it } from 'vitest'
import { byDevice, isStale, readings, sceneOf, settled, staleMs, thingOf, worst } from './things'
import type { LiveState } from '@/api/livestate'
import type { Alarm, Device, Latest } from '@/api/types'

const now = Date.parse('2026-11-24T02:47:16Z')
const words = { now, clock: (at: Date) => at.toISOString().slice(11, 16), called: (d: { name: string }) => d.name, below: () => false }

function device(id: string, more: Partial<Device> = {}): Device {
  return { id, kind: 'sensor', name: id, demo: true, state: 'online', refused: 0, created_at: '', updated_at: '', place: { lon: 120.9, lat: 32.5 }, ...more }
}
function latest(id: string, property: string, value: number, ago = 1000, quality = 0): Latest {
  const at = new Date(now - ago).toISOString()
  return { device: id, property, value, at, received_at: at, quality }
}
function alarm(id: string, of: string, level: Alarm['level'], more: Partial<Alarm> = {}): Alarm {
  return { id, rule: 'r', rule_name: '', rule_name_en: '', source: '', device: of, device_name: of, property: 'water_level', unit: 'm', division: '', level, state: 'open', value: 0, peak: 0, openings: 1, limit: 0, origin: '', retrospective: false, demo: true, opened_at: '2026-11-24T02:46:00Z', received_at: '', updated_at: '', ...more }
}
function state(devices: Device[], values: Latest[] = [], alarms: Alarm[] = []): LiveState {
  return {
    devices: new Map(devices.map((d) => [d.id, d])),
    latest: new Map(values.map((l) => [`${l.device}/${l.property}`, l])),
    alarms: new Map(alarms.map((a) => [a.id, a])),
    streams: new Map([['cam', { id: 'cam', state: 'live', viewers: 1, bitrate: 0 }]]),
    sent: new Map(),
    windows: new Map(),
  }
}
function thing(s: LiveState, id: string) {
  return thingOf(s.devices.get(id) as Device, s, byDevice(s), words)
}
const level = { property: 'water_level', name: '水位', name_en: 'Water level', unit: 'm', digits: 2 }
const battery = { property: 'battery', name: '电池', name_en: 'Battery', unit: 'V', digits: 1 }

describe('a thing on the map', () => {
  it('shows the first series of the device with its digits and unit', () => {
    const s = state([device('a', { series: [level, battery], class: 'water_level' })], [latest('a', 'battery', 12.34), latest('a', 'water_level', 5.2)])
    expect(thing(s, 'a')).toMatchObject({ value: '5.20 m', shape: 'level', tone: 'fresh', since: '', level: 0 })
  })
  it('shows what its worst alarm is about', () => {
    const s = state([device('a', { series: [battery, level] })], [latest('a', 'battery', 12), latest('a', 'water_level', 5.2)], [alarm('1', 'a', 4, { property: 'battery' }), alarm('2', 'a', 2)])
    expect(thing(s, 'a')).toMatchObject({ value: '5.20 m', level: 2 })
  })
  it('says since when a silent sensor is silent', () => {
    const s = state([device('a', { series: [level], state: 'offline' })], [latest('a', 'water_level', 3.91, 37 * 60_000)])
    expect(thing(s, 'a')).toMatchObject({ tone: 'stale', value: '3.91 m', since: '02:10' })
  })
  it('tells a device that was never heard of', () => {
    expect(thing(state([device('a', { state: 'never' })]), 'a')).toMatchObject({ tone: 'never', value: '', since: '' })
  })
  it('carries the state of a camera\'s stream', () => {
    expect(thing(state([device('cam', { kind: 'camera' })]), 'cam')).toMatchObject({ kind: 'camera', shape: 'camera', stream: 'live' })
  })
})

describe('staleness', () => {
  it('comes with age, a bad reading, or a device that is not online', () => {
    expect(isStale(device('a'), latest('a', 'x', 1, staleMs - 1), now)).toBe(false)
    expect(isStale(device('a'), latest('a', 'x', 1, staleMs + 1), now)).toBe(true)
    expect(isStale(device('a'), latest('a', 'x', 1, 0, 2), now)).toBe(true)
    expect(isStale(device('a', { state: 'fault' }), latest('a', 'x', 1), now)).toBe(true)
  })
})

describe('worst', () => {
  it('is the gravest, of equals the newest', () => {
    const newer = alarm('n', 'a', 3, { opened_at: '2026-11-24T02:47:00Z' })
    expect(worst([alarm('1', 'a', 4), alarm('2', 'a', 3), newer])).toBe(newer)
    expect(worst([])).toBeUndefined()
  })
})

describe('readings', () => {
  it('follow the series and leave coordinates out', () => {
    const list = readings(device('a', { series: [level, battery] }), [latest('a', 'lon', 120), latest('a', 'odd', 1), latest('a', 'battery', 12), latest('a', 'water_level', 5)])
    expect(list.map((r) => r.series.property)).toEqual(['water_level', 'battery', 'odd'])
  })
})

describe('the scene', () => {
  it('puts each device into its kind and counts those without a place', () => {
    const s = state([device('t', { kind: 'edge' }), device('s'), device('cam', { kind: 'camera' }), device('gone', { state: 'revoked' }), device('lost', { place: undefined })])
    const scene = sceneOf(s, words)
    expect(scene.homeless).toBe(1)
    expect([scene.kinds.terminal, scene.kinds.sensor, scene.kinds.camera, scene.kinds.mobile].map((k) => k.features.length)).toEqual([1, 1, 1, 0])
  })
  it('lets a moving device stand where it last said', () => {
    const car = device('car', { class: 'position' })
    const scene = sceneOf(state([car], [latest('car', 'lon', 121.5), latest('car', 'lat', 32.1), latest('car', 'speed', 40)]), words)
    expect(scene.kinds.mobile.features[0]?.geometry.coordinates).toEqual([121.5, 32.1])
    expect(scene.kinds.mobile.features[0]?.properties.value).toBe('40')
    expect(scene.placed.get('car')).toEqual({ lon: 121.5, lat: 32.1 })
  })
  it('keeps what has not changed, so that it is not drawn again', () => {
    const before = sceneOf(state([device('s', { series: [level] }), device('t', { kind: 'edge' })], [latest('s', 'water_level', 1)]), words)
    const after = settled(before, sceneOf(state([device('s', { series: [level] }), device('t', { kind: 'edge' })], [latest('s', 'water_level', 2)]), words))
    expect(after.kinds.terminal).toBe(before.kinds.terminal)
    expect(after.kinds.sensor).not.toBe(before.kinds.sensor)
  })
})
