import { describe, expect, it } from 'vitest'
import { byNeed, held, late, rings, top } from './alarm'
import { below } from '@/api/below'
import type { Alarm } from '@/api/types'

function alarm(id: string, state: Alarm['state'], opened: string, more: Partial<Alarm> = {}): Alarm {
  return { id, state, opened_at: opened, level: 3, retrospective: false, ...more } as Alarm
}

describe('byNeed', () => {
  it('puts what waits first: by level, then by how long; and leaves out what has ended', () => {
    const rows = [
      alarm('acked', 'acknowledged', '2026-01-01T03:00:00Z', { level: 1 }),
      alarm('newest', 'open', '2026-01-01T05:00:00Z'),
      alarm('shelved', 'open', '2026-01-01T00:00:00Z', { level: 1, shelf: { until: '', by: '', by_name: '', reason: '' } }),
      alarm('gone', 'cleared', '2026-01-01T04:00:00Z'),
      alarm('longest', 'returned', '2026-01-01T02:00:00+08:00'),
      alarm('gravest', 'open', '2026-01-01T04:30:00Z', { level: 2 }),
      alarm('passed', 'open', '2026-01-01T04:45:00Z', { escalation: { tier: 1 } as Alarm['escalation'] }),
      alarm('worked', 'open', '2026-01-01T00:30:00Z', { level: 2, maintenance: { until: '' } as Alarm['maintenance'] }),
    ]
    expect(byNeed(rows).map((a) => a.id)).toEqual(['gravest', 'passed', 'longest', 'newest', 'acked', 'shelved', 'worked'])
  })
})

describe('top', () => {
  it('is where the leaders were asked', () => {
    const at = (role: 'duty' | 'leader') => alarm('a', 'open', '2026-01-01T00:00:00Z', { escalation: { tier: 1, desk: { division: '320600', role } } as Alarm['escalation'] })
    expect([top(alarm('a', 'open', '2026-01-01T00:00:00Z')), top(at('duty')), top(at('leader'))]).toEqual([false, false, true])
  })
})

describe('held', () => {
  it('keeps the order and puts new ones last', () => {
    expect(held(['new', 'b', 'a', 'newer'], (x) => x, ['a', 'gone', 'b'])).toEqual(['a', 'b', 'new', 'newer'])
    expect(held(['b', 'a'], (x) => x, [])).toEqual(['b', 'a'])
  })
})

describe('rings', () => {
  it('only for what waits and was learned of in time', () => {
    expect(rings(alarm('a', 'open', ''))).toBe(true)
    expect(rings(alarm('a', 'returned', ''))).toBe(true)
    expect(rings(alarm('a', 'acknowledged', ''))).toBe(false)
    expect(rings(alarm('a', 'open', '', { retrospective: true }))).toBe(false)
    expect(rings(alarm('a', 'open', '', { shelf: { until: '', by: '', by_name: '', reason: '' } }))).toBe(false)
  })
  it('not while somebody works on it', () => {
    expect(rings(alarm('a', 'open', '', { maintenance: { until: '' } as Alarm['maintenance'] }))).toBe(false)
  })
})

describe('late', () => {
  it('goes by the time of the centre, and only while the alarm calls', () => {
    const now = Date.parse('2026-01-01T01:00:00Z')
    const due = { late_at: '2026-01-01T01:00:00Z' }
    expect(late(alarm('a', 'open', '', due), now)).toBe(true)
    expect(late(alarm('a', 'open', '', due), now - 1)).toBe(false)
    expect(late(alarm('a', 'open', ''), now)).toBe(false)
    expect(late(alarm('a', 'acknowledged', '', due), now)).toBe(false)
  })
})

describe('below', () => {
  const city = '320600'
  const now = Date.parse('2026-01-01T01:00:00Z')
  const first = { division: '320623', below_first: true, escalate_at: '2026-01-01T01:03:00Z' }
  const desk = (division: string, role: string) => ({ escalation: { tier: 1, desk: { division, role } } as Alarm['escalation'] })

  it('holds while a desk of the county hears the alarm', () => {
    expect(below(alarm('a', 'open', '', first), city, ['320623'], now)).toBe(true)
    expect(below(alarm('a', 'open', '', { ...first, division: '320623102000' }), city, ['320623'], now)).toBe(true)
  })
  it('does not without a desk that hears it: none, another county, one below the alarm, one of the city itself', () => {
    for (const desks of [[], ['320681'], ['320623102000'], [city], ['320000']]) expect(below(alarm('a', 'open', '', first), city, desks, now), desks.join()).toBe(false)
  })
  it('asks each county for its own', () => {
    const other = alarm('b', 'open', '', { ...first, division: '320681' })
    expect([alarm('a', 'open', '', first), other].map((a) => below(a, city, ['320681'], now))).toEqual([false, true])
  })
  it('does not when it was passed on, by hand or by time, and again when it was so from a town to the county', () => {
    expect(below(alarm('a', 'open', '', { ...first, ...desk(city, 'duty') }), city, ['320623'], now)).toBe(false)
    expect(below(alarm('a', 'open', '', { ...first, division: '320623102000', ...desk('320623', 'duty') }), city, ['320623'], now)).toBe(true)
    expect(below(alarm('a', 'open', '', { ...first, division: '320623102000', ...desk('320623', 'duty') }), '320623', ['320623', '320623102000'], now)).toBe(false)
  })
  it('does not when the time to pass it on has come, is not known or is none', () => {
    expect(below(alarm('a', 'open', '', first), city, ['320623'], Date.parse(first.escalate_at))).toBe(false)
    expect(below(alarm('a', 'open', '', { ...first, escalate_at: undefined }), city, ['320623'], now)).toBe(false)
    expect(below(alarm('a', 'open', '', { ...first, escalate_at: 'soon' }), city, ['320623'], now)).toBe(false)
  })
  it('does not when the policy rings above at once, or says nothing', () => {
    expect(below(alarm('a', 'open', '', { ...first, below_first: undefined }), city, ['320623'], now)).toBe(false)
  })
  it('does not for what has no division, or for somebody who has none', () => {
    expect(below(alarm('a', 'open', '', { ...first, division: '' }), city, ['320623'], now)).toBe(false)
    expect(below(alarm('a', 'open', '', first), '', ['320623'], now)).toBe(false)
  })
  it('never at the desk of the county', () => {
    expect(below(alarm('a', 'open', '', first), '320623', ['320623'], now)).toBe(false)
  })
})
