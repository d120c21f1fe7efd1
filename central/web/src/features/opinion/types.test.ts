import { describe, expect, it } from 'vitest'
import { actsOf, inOrder } from './types'

const mark = { user_id: 'a', name: '甲', org: '', at: '', note: '' }

describe('what may be done with a statement', () => {
  it('is never checked or signed by who has written it', () => {
    expect(actsOf({ state: 'draft', written: mark }, 'a', true)).toEqual(['discard'])
    expect(actsOf({ state: 'checked', written: mark }, 'a', true)).toEqual(['return', 'discard'])
    expect(actsOf({ state: 'draft', written: mark }, 'b', false)).toEqual(['check', 'discard'])
    expect(actsOf({ state: 'checked', written: mark }, 'b', true)).toEqual(['sign', 'return', 'discard'])
    expect(actsOf({ state: 'checked', written: mark }, 'b', false)).toEqual(['return', 'discard'])
  })
  it('ends with the release', () => {
    expect(actsOf({ state: 'signed', written: mark }, 'a', false)).toEqual(['release', 'return'])
    expect(actsOf({ state: 'released', written: mark }, 'b', true)).toEqual([])
    expect(actsOf({ state: 'superseded', written: mark }, 'b', true)).toEqual([])
  })
})

describe('the order of what is said', () => {
  const said = (id: string, heat: string, reach: number, found: string, at: string) => ({ id, heat, reach, found_at: `2026-11-26T${found}:00Z`, said_at: `2026-11-26T${at}:00Z` })
  const all = [said('old hot', 'hot', 10, '08:00', '07:00'), said('rising', 'rising', 90, '09:00', '06:00'), said('new hot', 'hot', 5, '08:30', '08:20'), said('scattered', 'scattered', 0, '09:30', '05:00')]
  const ids = (by: Parameters<typeof inOrder>[1]) => inOrder(all, by).map((e) => e.id)
  it('puts what is hot first and the newer of two alike before the older', () => {
    expect(ids('heat')).toEqual(['new hot', 'old hot', 'rising', 'scattered'])
  })
  it('is another where somebody asks for it', () => {
    expect(ids('found')).toEqual(['scattered', 'rising', 'new hot', 'old hot'])
    expect(ids('said')).toEqual(['new hot', 'old hot', 'rising', 'scattered'])
    expect(ids('reach')).toEqual(['rising', 'old hot', 'new hot', 'scattered'])
  })
})
