import { describe, expect, it } from 'vitest'
import { after, before, quietMs } from './sound'

describe('before', () => {
  it('says why there is nothing to hear', () => {
    expect(before(undefined)).toBe('unsent')
    expect(before({ error: 'camera sends no sound' })).toBe('none')
    expect(before({ error: 'another codec', has: 'AAC' })).toBe('codec')
  })
  it('lets what may come begin, also of a camera that nobody has opened yet', () => {
    expect(before({})).toBe('starting')
    expect(before({ codec: 'pcma' })).toBe('starting')
  })
})

describe('after', () => {
  it('calls sound on only while packets come', () => {
    expect(after(0, 10_000)).toBe('starting')
    expect(after(10_000, 10_000 + quietMs)).toBe('on')
    expect(after(10_000, 10_001 + quietMs)).toBe('quiet')
  })
})
