import { describe, expect, it } from 'vitest'
import type { Sent } from '@/api/types'
import { choiceOf, frozenMs, noteOf, phaseOf, stalled, still } from './layer'

const sent = (over: Partial<Sent> = {}): Sent => ({ session: 's', stream: 'c', layer: 'main', why: 'wished', wish: 'main', pinned: false, has_sub: true, ...over })

describe('what a picture says of itself', () => {
  it('says nothing when it is what was asked for', () => {
    expect(noteOf(undefined)).toBe('')
    expect(noteOf(sent())).toBe('')
    expect(noteOf(sent({ why: 'no_sub', wish: 'sub', has_sub: false }))).toBe('')
  })
  it('names the link, a choice, and a smaller picture that was asked for', () => {
    expect(noteOf(sent({ layer: 'sub', why: 'link' }))).toBe('link')
    expect(noteOf(sent({ layer: 'thin', why: 'link' }))).toBe('link')
    expect(noteOf(sent({ layer: 'thin', why: 'pinned', wish: 'thin', pinned: true }))).toBe('pinned')
    expect(noteOf(sent({ pinned: true, why: 'pinned' }))).toBe('pinned')
    expect(noteOf(sent({ layer: 'sub', wish: 'sub' }))).toBe('plain')
  })
  it('takes key frames and a pause for no fault', () => {
    expect([undefined, sent(), sent({ layer: 'sub' }), sent({ layer: 'thin' }), sent({ layer: 'pause' })].map(still)).toEqual([false, false, false, true, true])
  })
  it('begins no new session for a picture that stands because the link carries no more', () => {
    const since = 1_000_000
    const later = since + 10 * 60_000
    for (const layer of ['thin', 'pause'] as const) {
      expect(stalled(since, sent({ layer, why: 'link' }), false, later)).toBe(false)
      expect(stalled(since, sent({ layer, why: 'link' }), true, later)).toBe(false)
    }
    for (const what of [undefined, sent(), sent({ layer: 'sub', why: 'link' })]) {
      expect(stalled(since, what, false, since + frozenMs)).toBe(false)
      expect(stalled(since, what, false, since + frozenMs + 1)).toBe(true)
      expect(stalled(since, what, true, since + 1)).toBe(true)
      expect(stalled(0, what, true, later)).toBe(false)
    }
  })
  it('calls key frames live and a pause frozen', () => {
    expect(phaseOf('frozen', sent({ layer: 'thin' }))).toBe('live')
    expect(phaseOf('frozen', sent({ layer: 'pause' }))).toBe('frozen')
    expect(phaseOf('frozen', undefined)).toBe('frozen')
    expect(phaseOf('retrying', sent({ layer: 'thin' }))).toBe('retrying')
  })
  it('shows what is pinned', () => {
    expect(choiceOf(undefined)).toBe('auto')
    expect(choiceOf(sent())).toBe('auto')
    expect(choiceOf(sent({ pinned: true, wish: 'sub' }))).toBe('sub')
  })
})
