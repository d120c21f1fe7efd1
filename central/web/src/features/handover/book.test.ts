import { describe, expect, it } from 'vitest'
import { actOf, lateBy, lateOf, linesOf, placeOf } from './book'
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

  it('reads what was done in another room, and where it stands', () => {
    const sent = entry('1', '2026-11-26T01:00:00Z', { kind: 'report', text: 'sent|初报 a|b', source: 'report r h sent' })
    expect([actOf(sent), placeOf(sent)]).toEqual([{ act: 'sent', text: '初报 a|b' }, '/report/r'])
    expect(placeOf({ ...sent, kind: 'task', source: 'incident i t 2' })).toBe('/incident/i')
    expect([actOf(entry('1', '2026-11-26T01:00:00Z', { text: 'a|b' })), placeOf(entry('1', '2026-11-26T01:00:00Z'))]).toEqual([undefined, undefined])
  })

  it('says how late a handover is', () => {
    const now = Date.parse('2026-11-26T01:00:00Z')
    expect(lateBy({ due_at: '2026-11-26T00:30:00Z' } as Shift, now)).toBe(30 * 60_000)
    expect(lateBy({ due_at: '2026-11-26T01:30:00Z' } as Shift, now)).toBe(0)
    expect(lateBy(undefined, now)).toBe(0)
  })
})
