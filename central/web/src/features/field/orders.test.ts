import { describe, expect, it } from 'vitest'
import { asks, joined, type Kept } from './orders'

const now = Date.parse('2026-11-27T02:00:00Z')
const order = (id: string, more: Partial<Kept> = {}): Kept => ({
  id, text: '转移', from: '周岚', urgent: false, confirm: true, at: '2026-11-27T01:50:00Z', until: '2026-11-27T02:30:00Z', picture_bytes: 0, state: 'sent', ...more,
})

describe('messages on a phone', () => {
  it('keep their picture and what was pressed, and stand as the centre says', () => {
    const picture = new Blob(['x'])
    const [got] = joined([order('a', { picture, seen: true, answer: 'confirmed' })], [order('a', { state: 'shown' })], now)
    expect(got).toMatchObject({ state: 'shown', seen: true, answer: 'confirmed', picture })
  })
  it('stay while they are of use though the centre lists them no more, the newest first', () => {
    const list = joined([order('old', { until: '2026-11-27T01:00:00Z' }), order('mine')], [order('new', { at: '2026-11-27T01:59:00Z' })], now)
    expect(list.map((o) => o.id)).toEqual(['new', 'mine'])
  })
  it('ask until they are answered, withdrawn or over', () => {
    expect(asks(order('a'), now)).toBe(true)
    expect(asks(order('a', { state: 'shown' }), now)).toBe(true)
    expect(asks(order('a', { confirm: false }), now)).toBe(false)
    expect(asks(order('a', { answer: 'refused' }), now)).toBe(false)
    expect(asks(order('a', { state: 'withdrawn' }), now)).toBe(false)
    expect(asks(order('a', { until: '2026-11-27T01:59:00Z' }), now)).toBe(false)
  })
})
