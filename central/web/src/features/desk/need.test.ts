import { describe, expect, it } from 'vitest'
import { needsOf, open } from './need'
import type { Alarm, Device } from '@/api/types'
import type { Due } from '@/features/handover/useDue'

const alarm = (id: string, more: Partial<Alarm>) => ({ id, device: id, level: 3, state: 'open', opened_at: '2026-01-01T01:00:00Z', ...more }) as Alarm
const device = (id: string, more: Partial<Device>) => ({ id, kind: 'edge', state: 'offline', last_seen: '2026-01-01T01:00:00Z', ...more }) as Device

describe('needsOf', () => {
  it('puts lost terminals between what waits and what is taken', () => {
    const needs = needsOf([device('t1', {}), device('t0', { last_seen: '2026-01-01T00:00:00Z' })], [alarm('taken', { state: 'acknowledged', level: 1 }), alarm('waits', {})])
    expect(needs.map((n) => n.key)).toEqual(['waits', 'lost t0', 'lost t1', 'taken'])
    expect(needs.map(open)).toEqual([true, true, true, false])
  })
  it('puts what is due after the alarms that wait', () => {
    const needs = needsOf([device('t1', {})], [alarm('waits', {})], [{ id: 'c' } as Due])
    expect(needs.map((n) => n.key)).toEqual(['waits', 'due c', 'lost t1'])
    expect(needs.every(open)).toBe(true)
  })
  it('says nothing twice and nothing of what stands behind a terminal', () => {
    const devices = [device('t1', {}), device('camera', { parent: 't1' }), device('t2', { state: 'online' }), device('t3', { state: 'never', last_seen: undefined })]
    expect(needsOf(devices, [alarm('silent', { device: 't1' })]).map((n) => n.key)).toEqual(['silent'])
  })
  it('does not miss the camera of a phone that has stopped sending', () => {
    expect(needsOf([device('phone-1', { kind: 'camera' }), device('gauge', { kind: 'sensor' })], [])).toHaveLength(1)
  })
  it('puts last, and counts not, what waits and a desk below handles', () => {
    const alarms = [alarm('theirs', { level: 2 }), alarm('ours', {}), alarm('taken', { state: 'acknowledged' }), alarm('theirs taken', { state: 'acknowledged' })]
    const needs = needsOf([device('t1', {})], alarms, [], (a) => a.id.startsWith('theirs'))
    expect(needs.map((n) => n.key)).toEqual(['ours', 'lost t1', 'taken', 'theirs taken', 'theirs'])
    expect(needs.map(open)).toEqual([true, true, false, false, false])
  })
})
