import { describe, expect, it } from 'vitest'
import { logOf, subjectOf } from './log'
import type { Alarm, AuditEntry, Device } from '@/api/types'

const alarm = { id: 'x', opened_at: '2026-01-01T01:00:00Z', acked_at: '2026-01-01T01:05:00Z', returned_at: '2026-01-01T01:03:00Z' } as Alarm
const device = { id: 'd', state: 'offline', last_seen: '2026-01-01T01:04:00Z' } as Device
const person = '0199f3a2-7c1e-7b3a-9d55-aa11bb22cc33'
const entry = (kind: string, actor = person) => ({ id: kind, at: '2026-01-01T00:30:00Z', kind, actor }) as AuditEntry

describe('logOf', () => {
  it('mixes sources, newest first', () => {
    const kinds = logOf([alarm], [device], [entry('session.started')], 10).map((e) => e.kind)
    expect(kinds).toEqual(['acknowledged', 'lost', 'returned', 'opened', 'audit'])
  })
  it('leaves out what machines do, except what somebody has to know of', () => {
    const kinds = [entry('device.changed', 'ingest'), entry('device.online', 'edge-1'), entry('telemetry.lost', 'edge-1'), entry('session.refused', '')]
    expect(logOf([], [], kinds, 10).map((e) => e.audit?.kind)).toEqual(['session.refused', 'telemetry.lost'])
  })
  it('does not say alarms twice and keeps to the limit', () => {
    expect(logOf([alarm], [], [entry('alarm.opened')], 10)).toHaveLength(3)
    expect(logOf([alarm], [device], [], 2)).toHaveLength(2)
  })
})

describe('subjectOf', () => {
  const unknown = () => undefined
  it('prefers a name, then the device, and leaves out bare ids', () => {
    expect(subjectOf({ subject: 'x', data: { name: '陈值班' } } as AuditEntry, unknown)).toBe('陈值班')
    expect(subjectOf({ subject: 'edge-1', data: null } as AuditEntry, () => '一号终端')).toBe('一号终端')
    expect(subjectOf({ subject: 'edge-1' } as AuditEntry, unknown)).toBe('edge-1')
    expect(subjectOf({ subject: '0199f3a2-7c1e-7b3a-9d55-aa11bb22cc33' } as AuditEntry, unknown)).toBe('')
  })
})
