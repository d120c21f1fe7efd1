import { describe, expect, it } from 'vitest'
import { newKey, stepsOf, waits } from './messages'
import type { CrewMessage } from '@/api/types'

const at = '2026-11-26T10:00:00Z'
const one = (m: Partial<CrewMessage>): CrewMessage => ({ id: 'm', target: 'e', kind: 'terminal', target_name: '终端', division: '320623', text: '转移', urgent: false, confirm: true, author: 'u', author_name: '周岚', org_id: 'o', org_name: '如东县', at, until: at, state: 'sent', ...m })
const words = (m: Partial<CrewMessage>) => stepsOf(one(m)).map((s) => (s.at ? s.word : `(${s.word})`)).join(' ')

describe('a message to a crew', () => {
  it('names what it has reached and what it waits for', () => {
    expect(words({})).toBe('sent (delivered)')
    expect(words({ state: 'delivered', delivered_at: at })).toBe('sent delivered (shown)')
    expect(words({ state: 'shown', delivered_at: at, shown_at: at, shown_by: 'page' })).toBe('sent delivered shown_page (confirmed)')
    expect(words({ state: 'shown', delivered_at: at, shown_at: at, confirm: false })).toBe('sent delivered shown')
    expect(words({ state: 'refused', delivered_at: at, shown_at: at, ended_at: at })).toBe('sent delivered shown refused')
    expect(words({ state: 'expired', ended_at: at })).toBe('sent expired')
  })
  it('waits until it ends', () => {
    expect([one({}), one({ state: 'shown' }), one({ state: 'shown', confirm: false }), one({ state: 'confirmed' }), one({ state: 'withdrawn' })].map(waits)).toEqual([true, true, false, false, false])
  })
  it('has a key of its own each time', () => {
    expect(newKey()).toMatch(/^[0-9a-f]{32}$/)
    expect(newKey()).not.toBe(newKey())
  })
})
