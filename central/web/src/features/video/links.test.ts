import { describe, expect, it } from 'vitest'
import { addressOf, lateUntil, type Shared } from './links'

describe('a link', () => {
  it('keeps its token out of what servers see', () => {
    const address = new URL(addressOf({ page: '/watch/cam-1', token: 'l-1.x' } as Shared, 'https://centre'))
    expect(address.pathname + address.search).toBe('/watch/cam-1')
    expect(address.hash).toBe('#l-1.x')
  })
  it('takes what is late for three days after it closed, unless it was revoked', () => {
    const at = (t: string) => Date.parse(`2026-11-27T${t}Z`)
    const link = { action: 'publish' as const, state: 'ended' as const, expires_at: '2026-11-27T12:00:00Z' }
    expect(lateUntil({ ...link, late_until: '2026-11-27T10:00:00Z' }, at('09:00:00'))).toBe(at('10:00:00'))
    expect(lateUntil({ ...link, late_until: '2026-11-27T10:00:00Z' }, at('11:00:00'))).toBe(0)
    expect(lateUntil(link, at('09:00:00'))).toBe(0)
    expect(lateUntil({ ...link, state: 'open' }, at('09:00:00'))).toBe(0)
    expect(lateUntil({ ...link, state: 'expired' }, at('13:00:00'))).toBe(at('12:00:00') + 72 * 3_600_000)
    expect(lateUntil({ ...link, state: 'expired', action: 'watch' }, at('13:00:00'))).toBe(0)
  })
})
