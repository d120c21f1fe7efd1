import { describe, expect, it } from 'vitest'
import { byNeed, folds, mayAnswer, mineFirst, tally } from './board'
import type { Call, Post } from './types'

const post = (id: string, state: string, more: Partial<Post> = {}): Post =>
  ({ id, state, call_id: 'c', org_id: id, org_name: id, division: '', tier: 'officer', expected: [], at: '', due_at: '', by_id: '', by_name: '', rostered: false, how: '', no_place: '', device: '', note: '', ...more })

describe('the board of a call', () => {
  const posts = [post('a', 'answered', { answered_at: '2' }), post('b', 'waiting'), post('c', 'missed'), post('d', 'answered', { answered_at: '1' })]
  it('counts', () => expect(tally({ posts } as Call)).toEqual({ all: 4, answered: 2, late: 0, missed: 1, waiting: 1 }))
  it('shows first what needs somebody', () => expect(byNeed(posts).map((p) => p.id)).toEqual(['c', 'b', 'd', 'a']))
  it('answers by one key for whom the roster names', () => {
    const list = [post('o', 'waiting'), post('l', 'waiting', { tier: 'leader', expected: [{ person_id: 'p', name: '吴局' }] })]
    expect(mineFirst(list, '吴局')?.id).toBe('l')
    expect(mineFirst(list, '陈值班')?.id).toBe('o')
    expect(mineFirst(list.slice(1), '陈值班')).toBeUndefined()
    expect(list.map((p) => mayAnswer(p, '陈值班'))).toEqual([true, false])
  })
  it('folds once only the part of somebody else is left', () => {
    const list = [post('o', 'waiting'), post('l', 'waiting', { tier: 'leader', expected: [{ person_id: 'p', name: '吴局' }] })]
    expect(folds(list, '陈值班')).toBe(false)
    expect(folds(list.slice(1), '陈值班')).toBe(true)
    expect(folds(list.slice(1), '吴局')).toBe(false)
  })
})
