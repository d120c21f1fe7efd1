import { describe, expect, it } from 'vitest'
import { byClock, rings } from './alarm'
import type { Alarm } from '@/api/types'

function alarm(id: string, state: Alarm['state'], opened: string, more: Partial<Alarm> = {}): Alarm {
  return { id, state, opened_at: opened, level: 3, retrospective: false, ...more } as Alarm
}

describe('byClock', () => {
  it('puts what waits first, the newest on top, and leaves out what has ended', () => {
    const rows = [
      alarm('acked', 'acknowledged', '2026-01-01T03:00:00Z'),
      alarm('old', 'open', '2026-01-01T01:00:00Z'),
      alarm('gone', 'cleared', '2026-01-01T04:00:00Z'),
      alarm('new', 'returned', '2026-01-01T02:00:00Z'),
    ]
    expect(byClock(rows).map((a) => a.id)).toEqual(['new', 'old', 'acked'])
  })
})

describe('rings', () => {
  it('only for what waits and was learned of in time', () => {
    expect(rings(alarm('a', 'open', ''))).toBe(true)
    expect(rings(alarm('a', 'returned', ''))).toBe(true)
    expect(rings(alarm('a', 'acknowledged', ''))).toBe(false)
    expect(rings(alarm('a', 'open', '', { retrospective: true }))).toBe(false)
  })
})
