import { describe, expect, it } from 'vitest'
import { lateBy, lateOf, linesOf, timeOf } from './book'
import type { Entry, Shift } from './types'

const entry = (id: string, at: string, more: Partial<Entry> = {}): Entry => ({
  id, at, written_at: at, org_id: 'o', shift_id: 's', no: Number(id), kind: 'call_in', by: 'u', by_name: '甲', party: '', contact: '', text: id, corrects: '', reason: '', source: '', corrected: '', ...more,
})

describe('the book of a desk', () => {
  it('shows a correction in the place of what it corrects, and both', () => {
    const lines = linesOf([
      entry('1', '2026-11-26T01:00:00Z', { corrected: '3' }),
      entry('2', '2026-11-26T02:00:00Z'),
      entry('3', '2026-11-26T01:00:00Z', { corrects: '1', corrected: '4' }),
      entry('4', '2026-11-26T01:00:00Z', { corrects: '3' }),
    ])
    expect(lines.map((l) => [l.entry.id, ...l.before.map((b) => b.id)])).toEqual([['2'], ['4', '3', '1']])
  })

  it('keeps an entry whose correction lies in a part that is not here', () => {
    expect(linesOf([entry('1', '2026-11-26T01:00:00Z', { corrected: '9' })])).toHaveLength(1)
  })

  it('reads what the desk wrote about a late handover', () => {
    expect(lateOf(entry('1', '2026-11-26T01:00:00Z', { text: '2026-11-26T00:30:00Z|leader|吴局、陆处' }))).toEqual({ due: new Date('2026-11-26T00:30:00Z'), to: 'leader', names: '吴局、陆处' })
  })

  it('says how late a handover is', () => {
    const now = Date.parse('2026-11-26T01:00:00Z')
    expect(lateBy({ due_at: '2026-11-26T00:30:00Z' } as Shift, now)).toBe(30 * 60_000)
    expect(lateBy({ due_at: '2026-11-26T01:30:00Z' } as Shift, now)).toBe(0)
    expect(lateBy(undefined, now)).toBe(0)
  })

  it('reads a wall time as the last moment that it was', () => {
    const now = new Date(2026, 10, 26, 0, 10).getTime()
    expect(timeOf('0008', now)).toEqual(new Date(2026, 10, 26, 0, 8))
    expect(timeOf('23:55', now)).toEqual(new Date(2026, 10, 25, 23, 55))
    expect(timeOf('8：05', now)).toEqual(new Date(2026, 10, 25, 8, 5))
    for (const none of ['', '24:00', '12:60', 'x']) expect(timeOf(none, now)).toBeUndefined()
  })
})
