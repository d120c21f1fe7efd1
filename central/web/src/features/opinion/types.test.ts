import { describe, expect, it } from 'vitest'
import { actsOf } from './types'

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
