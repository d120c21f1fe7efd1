import { describe, expect, it } from 'vitest'
import { alarmMarks } from './markers'
import { extend, heading, joinTrack, trackMs } from './track'
import { boxOf } from './useView'
import { nextOf } from './usePointing'
import type { Thing } from './things'
import type { Alarm, Bucket } from '@/api/types'

const bucket = (at: string, last: number): Bucket => ({ at, min: last, max: last, mean: last, last, count: 1 })

describe('a track', () => {
  it('joins longitude and latitude of the same time', () => {
    const a = '2026-11-24T02:00:00Z'
    const b = '2026-11-24T02:00:05Z'
    expect(joinTrack([bucket(a, 121), bucket(b, 121.1)], [bucket(b, 32)])).toEqual([{ at: Date.parse(b), lon: 121.1, lat: 32 }])
  })
  it('forgets what is too old and what is not newer', () => {
    const steps = extend([{ at: 0, lon: 1, lat: 1 }, { at: trackMs, lon: 2, lat: 2 }], { at: trackMs + 1, lon: 3, lat: 3 })
    expect(steps.map((s) => s.at)).toEqual([trackMs, trackMs + 1])
  })
  it('knows which way it goes, and keeps it while standing', () => {
    const east = [{ at: 0, lon: 121, lat: 32 }, { at: 1, lon: 121.01, lat: 32 }]
    expect(heading(east)).toBeCloseTo(90, 5)
    expect(heading([...east, { at: 2, lon: 121.01, lat: 32 }])).toBeCloseTo(90, 5)
    expect(heading([{ at: 0, lon: 121, lat: 32 }])).toBeUndefined()
  })
})

describe('clicks on things that lie on each other', () => {
  it('take one after the other', () => {
    expect(nextOf(['a', 'a', 'b'], '')).toBe('a')
    expect(nextOf(['a', 'a', 'b'], 'a')).toBe('b')
    expect(nextOf(['a', 'b'], 'b')).toBe('a')
  })
})

describe('fitting all', () => {
  it('leaves air around a single place', () => {
    expect(boxOf([])).toBeUndefined()
    const box = boxOf([{ lon: 121, lat: 32 }])
    expect(box && box[2] - box[0]).toBeCloseTo(0.06)
  })
})

describe('alarm marks', () => {
  const alarm = (id: string, device: string, level: number, state: string) => ({ id, device, device_name: device, level, state, opened_at: id }) as Alarm
  const spot = (...ids: string[]) => ({ key: ids[0] ?? '', place: { lon: 1, lat: 1 }, things: ids.map((id) => ({ id }) as Thing), more: 0 })
  it('are one for each spot, worst first, with what still rings', () => {
    const alarms = [alarm('1', 'a', 4, 'open'), alarm('2', 'a', 3, 'acknowledged'), alarm('3', 'b', 1, 'returned'), alarm('4', 'nowhere', 1, 'open'), alarm('5', 'b', 1, 'cleared')]
    const read = (...spots: ReturnType<typeof spot>[]) => alarmMarks(alarms, spots).map((m) => [m.spot, m.device, m.level, m.rings, m.over])
    expect(read(spot('a'), spot('b'), spot('calm'))).toEqual([['b', 'b', 1, false, true], ['a', 'a', 3, true, false]])
    expect(read(spot('a', 'b'))).toEqual([['a', 'b', 1, true, false]])
  })
})
