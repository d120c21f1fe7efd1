import { describe, expect, it } from 'vitest'
import { counts, isOpen, merged, partsOf, read, standOf } from './rollout'
import type { Rollout } from '@/api/types'

describe('a roll-out', () => {
  it('tells a terminal that tries a version from one that was only sent it', () => {
    const m = { edge: 'e', state: 'sent', number: 7 }
    expect(standOf(m, undefined)).toBe('sent')
    expect(standOf(m, { version: 7, hash: 'x', trial: true })).toBe('trial')
    expect(standOf(m, { version: 6, hash: 'x', trial: true })).toBe('sent')
    expect(standOf({ ...m, state: 'failed' }, { version: 7, hash: 'x', trial: true })).toBe('failed')
  })
  it('counts where its terminals stand', () => {
    expect(counts(['done', 'done', 'failed']).done).toBe(2)
  })
  it('is open while it rolls, is paused, or waits for somebody', () => {
    const r = { state: 'stopped', members: [{ edge: 'a', state: 'sent' }] } as Rollout
    expect(isOpen(r)).toBe(true)
    expect(isOpen({ ...r, members: [] })).toBe(false)
    expect(isOpen({ ...r, members: null, state: 'paused' })).toBe(true)
  })
})

describe('parts', () => {
  it('are taken from a document and put in place of those of another', () => {
    const document = { budget: { monthly_mb: 5 }, sensors: [], log: { level: 'warn' } }
    expect(partsOf(document, ['budget', 'outbox'])).toEqual({ budget: { monthly_mb: 5 } })
    expect(merged(document, { budget: { monthly_mb: 9 }, log: null })).toEqual({ budget: { monthly_mb: 9 }, sensors: [] })
  })
  it('that cannot be rolled out are named', () => {
    expect(read('{').fault).toBe('json')
    expect(read('[]').fault).toBe('json')
    expect(read('{}').fault).toBe('empty')
    expect(read('{"sensors":[]}')).toMatchObject({ fault: 'part', detail: 'sensors' })
    expect(read('{"log":null}')).toMatchObject({ fault: '', parts: { log: null } })
  })
})
