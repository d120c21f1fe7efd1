import { describe, expect, it } from 'vitest'
import { applies, decides, emptyForm, faults, formOf, namesIn, ruleOf, secondsOf, shownOf, sumOf, unseen } from './form'
import type { Device, Rule, Trial } from '@/api/types'

const rule = { id: 'r', name: '超警戒', name_en: 'w', class: 'water_level', property: 'water_level', condition: 'above', limit: 5.2, clear: 5.1, for: '1m30s', level: 3, source: '演示', effective: '', unverified: true } as Rule

describe('a rule and its form', () => {
  it('reads durations as the centre writes them', () => {
    expect([secondsOf('24h0m0s'), secondsOf('1m30s'), secondsOf('500ms'), secondsOf(undefined)]).toEqual([86400, 90, 0.5, 0])
  })
  it('keeps what the condition looks at and sends nothing else', () => {
    expect(ruleOf(formOf(rule))).toMatchObject({ id: 'r', limit: 5.2, clear: 5.1, for: '90s', level: 3, source: '演示', window: undefined, expression: undefined })
    expect(ruleOf({ ...formOf(rule), condition: 'silent' })).toMatchObject({ limit: 0, clear: 0 })
  })
  it('keeps inputs and actions over a round', () => {
    const joint = { ...rule, condition: 'expression', limit: 0, clear: 0, expression: 'water_level > up', devices: ['a'], inputs: { up: { device: 'b', property: 'water_level' } }, max_age: '2m0s', actions: [{ device: 's', output: 'siren', for: '1m30s' }, { device: 's', output: 'lamp' }] } as unknown as Rule
    expect(ruleOf(formOf(joint))).toMatchObject({ inputs: joint.inputs, max_age: '120s', devices: ['a'], expression: 'water_level > up' })
    expect(ruleOf(formOf(joint)).actions).toEqual([{ device: 's', output: 'siren', for: '90s' }, { device: 's', output: 'lamp' }])
    expect(ruleOf({ ...formOf(joint), condition: 'above', limit: 1, clear: 1 })).toMatchObject({ max_age: undefined, inputs: undefined })
  })
  it('gives back untouched what it does not show, and says what that is', () => {
    const newer = { ...rule, exceptions: { a: { off: true } } } as Rule
    expect(unseen(formOf(newer))).toEqual(['exceptions'])
    expect(unseen(formOf(rule))).toEqual([])
    expect(ruleOf(formOf(newer))).toMatchObject({ exceptions: { a: { off: true } } })
  })
  it('needs another trial when what decides has changed, and not when it was saved', () => {
    const typed = { ...emptyForm('r'), limit: 5.2, clear: 5.1, forS: 90, name: '超警戒 ' }
    expect(decides(formOf(rule))).toBe(decides(typed))
    expect(decides({ ...typed, source: '另一依据' })).toBe(decides(typed))
    expect(decides({ ...typed, limit: 5.3 })).not.toBe(decides(typed))
    expect(decides({ ...typed, devices: ['b', 'a'] })).toBe(decides({ ...typed, devices: ['a', 'b'] }))
  })
  it('is about the class, or about the devices that are named', () => {
    const device = (id: string, of: string) => ({ id, name: id, class: of, series: [{ property: 'water_level' }] }) as Device
    const all = [device('b', 'water_level'), device('a', 'water_level'), device('c', 'rain')]
    expect(applies(formOf(rule), all).map((d) => d.id)).toEqual(['a', 'b'])
    expect(applies({ ...formOf(rule), devices: ['b'] }, all).map((d) => d.id)).toEqual(['b'])
  })
  it('sums up what it would have raised', () => {
    const trial = { to: '2026-01-01T02:00:00Z', alarms: [{ opened_at: '2026-01-01T00:00:00Z', ended_at: '2026-01-01T00:10:00Z' }, { opened_at: '2026-01-01T01:00:00Z' }] } as Trial
    expect(sumOf(trial)).toEqual({ alarms: 2, seconds: 4200, longest: 3600 })
  })
})

describe('what is wrong with a rule', () => {
  const wrong = (change: Partial<ReturnType<typeof formOf>>) => Object.fromEntries(Object.entries(faults({ ...formOf(rule), ...change }, ['water_level', 'flow'])).map(([field, f]) => [field, f?.key]))
  it('is nothing for a sound one', () => {
    expect(wrong({})).toEqual({})
    expect(wrong({ condition: 'expression', expression: 'max(water_level, 1) > 5 and not (flow < 3)' })).toEqual({})
  })
  it('is said by the field', () => {
    expect(Object.keys(faults(emptyForm('x'), [])).sort()).toEqual(['clear', 'limit', 'name', 'source'])
    expect(wrong({ clear: 6 })).toEqual({ clear: 'rule.fault.clear_above' })
    expect(wrong({ condition: 'below', clear: 5 })).toEqual({ clear: 'rule.fault.clear_below' })
    expect(wrong({ condition: 'silent', forS: 0 })).toEqual({ for: 'rule.fault.for' })
    expect(wrong({ condition: 'rise', windowS: 90000 })).toEqual({ window: 'rule.fault.day' })
    expect(wrong({ actions: [{ device: 's', output: 'siren', forS: -1 }] })).toEqual({ actions: 'rule.fault.day' })
    expect(wrong({ effective: '3/2024' })).toEqual({ effective: 'rule.fault.effective' })
    expect(wrong({ condition: 'expression', expression: 'water_level' })).toEqual({ expression: 'rule.fault.compare' })
    expect(wrong({ condition: 'expression', expression: 'rain > 1' })).toEqual({ expression: 'rule.fault.unknown' })
    expect(wrong({ condition: 'expression', expression: 'flow > 1' })).toEqual({ expression: 'rule.fault.own' })
    expect(wrong({ condition: 'expression', expression: 'water_level > up', inputs: [{ name: 'up', device: 'b', property: 'x' }] })).toEqual({ devices: 'rule.fault.devices' })
  })
  it('reads names and differences', () => {
    expect(namesIn('water_level > 5.2 and max(flow, water_level) > 1')).toEqual(['water_level', 'flow'])
    expect(namesIn('water_level-1 > 2e5 and up - water_level > .5')).toEqual(['water_level', 'up'])
    expect([shownOf({ field: 'name', from: '"旧"', to: '' }, 'from'), shownOf({ field: 'limit', from: '5', to: '6' }, 'to')]).toEqual(['旧', '6'])
  })
})
