import { describe, expect, it } from 'vitest'
import { heardBefore, logOf, missingFor, subjectOf } from './log'
import type { AlarmLine, AuditEntry, Contact } from '@/api/types'
import type { Entry } from '@/features/handover/types'

const step = (kind: string, minute: number) => ({ id: `${kind} ${String(minute)}`, kind, at: `2026-01-01T01:0${String(minute)}:00Z` }) as AlarmLine
const lines = [step('opened', 0), step('returned', 3), step('acknowledged', 5), step('cleared', 5)]
const lost = { id: 'c', kind: 'lost', at: '2026-01-01T01:04:00Z', device: 'd', behind: 7, since: '2026-01-01T01:03:50Z' } as Contact
const back = { ...lost, id: 'e', kind: 'back', at: '2026-01-01T01:05:30Z', since: lost.at } as Contact
const person = '0199f3a2-7c1e-7b3a-9d55-aa11bb22cc33'
const entry = (kind: string, actor = person) => ({ id: kind, at: '2026-01-01T00:30:00Z', kind, actor }) as AuditEntry

describe('logOf', () => {
  it('mixes sources, newest first', () => {
    const kinds = logOf(lines, [lost], [entry('session.started')], 10).map((e) => e.kind)
    expect(kinds).toEqual(['acknowledged', 'lost', 'returned', 'opened', 'audit'])
  })
  it('keeps the loss of a device that is back, at the time when each was noticed', () => {
    expect(logOf([], [lost, back], [], 10).map((e) => `${e.kind} ${e.at.slice(14, 19)}`)).toEqual(['back 05:30', 'lost 04:00'])
    expect(missingFor(back)).toBe(90_000)
    expect(heardBefore(lost)).toBeUndefined()
    expect(heardBefore({ ...lost, since: '2026-01-01T00:59:00Z' })).toEqual(new Date('2026-01-01T00:59:00Z'))
  })
  it('leaves out a link that was away for a blink', () => {
    const blink = { ...back, id: 'b', at: '2026-01-01T01:04:00.200Z' }
    expect(logOf([], [lost, blink], [], 10)).toEqual([])
    expect(logOf([], [lost, { ...blink, device: 'other' }], [], 10).map((e) => e.kind)).toEqual(['lost'])
  })
  it('leaves out what machines do, except what somebody has to know of', () => {
    const kinds = [entry('device.changed', 'ingest'), entry('device.online', 'edge-1'), entry('telemetry.lost', 'edge-1'), entry('session.refused', '')]
    expect(logOf([], [], kinds, 10).map((e) => e.audit?.kind)).toEqual(['session.refused', 'telemetry.lost'])
  })
  it('does not say alarms twice and keeps to the limit', () => {
    expect(logOf(lines, [], [entry('alarm.opened')], 10)).toHaveLength(3)
    expect(logOf(lines, [lost], [], 2)).toHaveLength(2)
  })
  it('shows every crossing of one alarm', () => {
    expect(logOf([step('opened', 0), step('returned', 1), step('reopened', 2), step('returned', 3), step('reopened', 4)], [], [], 10).map((e) => e.kind)).toEqual(['reopened', 'returned', 'reopened', 'returned', 'opened'])
  })
  it('says once what the book has a line of', () => {
    const line = { id: 'l', at: '2026-01-01T01:00:00Z', kind: 'report', source: 'report r hop sent', corrected: '' } as Entry
    const audit = [{ ...entry('report.sent'), id: '1', subject: 'hop' }, { ...entry('report.sent'), id: '2', subject: 'another' }]
    expect(logOf([], [], audit, 10, [line]).map((e) => e.key)).toEqual(['book l', 'audit 2'])
  })
  it('says once that somebody watches, whatever the link does', () => {
    const watch = (minute: number, ended = false, subject = 'camera') => ({ id: String(minute), at: `2026-01-01T01:${String(minute).padStart(2, '0')}:00Z`, kind: 'stream.watched', actor: person, subject, data: { ended } }) as unknown as AuditEntry
    const audit = [watch(40), watch(15, true), watch(9), watch(8, true), watch(2, false, 'other'), watch(1)]
    expect(logOf([], [], audit, 10).map((e) => e.audit?.id)).toEqual(['40', '2', '1'])
  })
})

describe('subjectOf', () => {
  const unknown = () => undefined
  it('prefers a name, then the device, and leaves out bare ids', () => {
    expect(subjectOf({ kind: 'account.created', subject: 'x', data: { name: '陈值班' } } as AuditEntry, unknown)).toBe('陈值班')
    expect(subjectOf({ kind: 'maintenance.planned', subject: 'w', data: { subject: 'gas-1' } } as unknown as AuditEntry, () => '泵房甲烷')).toBe('泵房甲烷')
    const exception = { kind: 'rule.overridden', subject: 'water', data: { rule: 'water', name: '水位超警戒', name_en: 'Water level', device: 'rd-level-2' } } as unknown as AuditEntry
    expect([subjectOf(exception, () => '岔河闸'), subjectOf(exception, unknown, true)]).toEqual(['水位超警戒 · 岔河闸', 'Water level · rd-level-2'])
    const swap = { kind: 'duty.swap_agreed', subject: 'x', data: { from_name: '钱静', to_name: '赵强', cell: { day: '2026-11-28' } } } as unknown as AuditEntry
    expect(subjectOf(swap, unknown)).toBe('钱静 → 赵强 2026-11-28')
    expect(subjectOf({ subject: 'edge-1', data: null } as AuditEntry, () => '一号终端')).toBe('一号终端')
    expect(subjectOf({ subject: 'edge-1' } as AuditEntry, unknown)).toBe('edge-1')
    expect(subjectOf({ subject: '0199f3a2-7c1e-7b3a-9d55-aa11bb22cc33' } as AuditEntry, unknown)).toBe('')
  })
})
