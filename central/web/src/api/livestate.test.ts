import { describe, expect, it } from 'vitest'
import { answered, apply, backOff, behind, heartbeatMs, follows, Skew, type LiveState } from './livestate'
import type { Alarm, Device, Latest, LiveMessage } from './types'

const at = '2026-01-01T00:00:00Z'

function device(id: string, state: Device['state'] = 'online'): Device {
  return { id, kind: 'sensor', name: id, demo: true, state, refused: 0, created_at: at, updated_at: at }
}
function alarm(id: string, state: Alarm['state'] = 'open'): Alarm {
  return { id, state, level: 3, rule: 'r', rule_name: '', rule_name_en: '', source: '', device: 'a', device_name: '', property: 'p', unit: 'm', division: '', value: 1, peak: 1, openings: 1, limit: 1, origin: 'centre', retrospective: false, demo: true, opened_at: at, received_at: at, updated_at: at }
}
function latest(value: number, id = 'a'): Latest {
  return { device: id, property: 'p', at, received_at: at, value, quality: 0 }
}
function message(seq: number, part: Partial<LiveMessage> = {}): LiveMessage {
  return { type: seq === 1 ? 'snapshot' : 'update', seq, time: at, ...part }
}
function empty(): LiveState {
  return { devices: new Map(), latest: new Map(), alarms: new Map(), streams: new Map(), sent: new Map(), windows: new Map() }
}

describe('apply', () => {
  it('takes a snapshot as the whole truth', () => {
    const state = empty()
    apply(state, message(1, { devices: [device('a'), device('b')], alarms: [alarm('x')] }))
    apply(state, message(1, { devices: [device('b', 'offline')] }))
    expect([...state.devices.keys()]).toEqual(['b'])
    expect(state.devices.get('b')?.state).toBe('offline')
    expect(state.alarms.size).toBe(0)
  })

  it('forgets what a snapshot of several messages did not bring, after its last', () => {
    const state = empty()
    apply(state, message(1, { devices: [device('a'), device('b'), device('c')], latest: [latest(1), latest(1, 'c')], alarms: [alarm('x')] }))
    apply(state, message(1, { devices: [device('a')], more: true }))
    expect([...state.devices.keys()]).toEqual(['a', 'b', 'c'])
    expect(state.alarms.size).toBe(0)
    apply(state, message(2, { alarms: [alarm('new')] }))
    expect([...state.devices.keys()]).toEqual(['a', 'b', 'c'])
    apply(state, message(3, { type: 'part', devices: [device('c')], latest: [latest(2, 'c')] }))
    expect([...state.devices.keys()]).toEqual(['a', 'c'])
    expect([...state.latest.keys()]).toEqual(['c/p'])
    apply(state, message(4, { latest: [latest(3)] }))
    expect(state.devices.size).toBe(2)
  })

  it('changes only what an update names', () => {
    const state = empty()
    apply(state, message(1, { devices: [device('a')], latest: [latest(1)] }))
    apply(state, message(2, { latest: [latest(2)] }))
    expect(state.devices.size).toBe(1)
    expect(state.latest.get('a/p')?.value).toBe(2)
  })

  it('says which alarms are new', () => {
    const state = empty()
    expect(apply(state, message(1, { alarms: [alarm('x')] })).map((a) => a.id)).toEqual(['x'])
    expect(apply(state, message(2, { alarms: [alarm('x', 'acknowledged'), alarm('y')] })).map((a) => a.id)).toEqual(['y'])
  })

  it('does not bring an ended alarm back by a late answer', () => {
    const state = empty()
    apply(state, message(1, { alarms: [alarm('x'), alarm('y')] }))
    const late = { ...alarm('x', 'acknowledged'), updated_at: '2026-01-01T00:00:01Z' }
    answered(state, late)
    expect(state.alarms.get('x')?.state).toBe('acknowledged')
    apply(state, message(2, { alarms: [alarm('x', 'cleared'), { ...alarm('y'), updated_at: '2026-01-01T00:00:02Z' }] }))
    answered(state, late)
    answered(state, { ...alarm('y', 'acknowledged'), updated_at: '2026-01-01T00:00:01Z' })
    expect([...state.alarms.values()].map((a) => a.state)).toEqual(['open'])
  })

  it('drops a cleared alarm from the list', () => {
    const state = empty()
    apply(state, message(1, { alarms: [alarm('x')] }))
    expect(apply(state, message(2, { alarms: [alarm('x', 'cleared')] }))).toEqual([])
    expect(state.alarms.size).toBe(0)
  })

  it('removes a device with its values', () => {
    const state = empty()
    apply(state, message(1, { devices: [device('a'), device('ab')], latest: [latest(1), latest(1, 'ab')] }))
    apply(state, message(2, { removed: { devices: ['a'] } }))
    expect([...state.devices.keys()]).toEqual(['ab'])
    expect([...state.latest.keys()]).toEqual(['ab/p'])
  })
})

describe('follows', () => {
  it('notices a gap', () => {
    expect(follows(4, message(5))).toBe(true)
    expect(follows(4, message(6))).toBe(false)
    expect(follows(4, message(4))).toBe(false)
    expect(follows(4, message(1))).toBe(true)
  })
})

describe('Skew', () => {
  it('tells lateness from a wrong clock', () => {
    const skew = new Skew()
    expect(skew.add(10_050, 5_000)).toBe(0)
    expect(skew.add(12_350, 7_000)).toBe(300)
    expect(skew.add(14_020, 9_000)).toBe(0)
    expect(skew.offset).toBe(5_020)
  })
})

describe('backOff', () => {
  it('grows to a limit and spreads', () => {
    expect(backOff(0, 0.5)).toBe(500)
    expect(backOff(3, 0.5)).toBe(4000)
    expect(backOff(50, 1)).toBe(18_750)
    expect(backOff(1, 0)).toBeLessThan(backOff(1, 1))
  })
})

describe('behind', () => {
  it.each([[200, 900, 200], [200, heartbeatMs + 5000, 5000], [9600, 0, 9600], [-300, 100, 0]])('a delay of %d ms and a silence of %d ms', (delay, silent, is) => {
    expect(behind(delay, silent)).toBe(is)
  })
})
