import { describe, expect, it } from 'vitest'
import { applies, formOf, ruleOf, secondsOf, sumOf } from './trial'
import type { Device, Rule, Trial } from '@/api/types'

const rule = { id: 'r', name: '超警戒', name_en: 'w', class: 'water_level', property: 'water_level', condition: 'above', limit: 5.2, clear: 5.1, for: '1m30s', level: 3, source: '演示', effective: '', unverified: true } as Rule

describe('a rule and its form', () => {
  it('reads durations as the centre writes them', () => {
    expect([secondsOf('24h0m0s'), secondsOf('1m30s'), secondsOf('500ms'), secondsOf(undefined)]).toEqual([86400, 90, 0.5, 0])
  })
  it('keeps what the condition looks at and sends nothing else', () => {
    expect(ruleOf(formOf(rule))).toMatchObject({ limit: 5.2, clear: 5.1, for: '90s', level: 3, source: '演示', window: undefined, expression: undefined })
    expect(ruleOf({ ...formOf(rule), condition: 'silent' })).toMatchObject({ limit: 0, clear: 0 })
  })
  it('is about the class, or about one device', () => {
    const device = (id: string, of: string) => ({ id, name: id, class: of, series: [{ property: 'water_level' }] }) as Device
    const all = [device('b', 'water_level'), device('a', 'water_level'), device('c', 'rain')]
    expect(applies(formOf(rule), all).map((d) => d.id)).toEqual(['a', 'b'])
    expect(applies({ ...formOf(rule), device: 'b' }, all).map((d) => d.id)).toEqual(['b'])
  })
  it('sums up what it would have raised', () => {
    const trial = { to: '2026-01-01T02:00:00Z', alarms: [{ opened_at: '2026-01-01T00:00:00Z', ended_at: '2026-01-01T00:10:00Z' }, { opened_at: '2026-01-01T01:00:00Z' }] } as Trial
    expect(sumOf(trial)).toEqual({ alarms: 2, seconds: 4200, longest: 3600 })
  })
})
