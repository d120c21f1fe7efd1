import { describe, expect, it } from 'vitest'
import { away, causesOf, firstSeconds, lateOf, phaseOf, phaseOfFailure, secondsFault, standing } from './output'
import type { Output } from '@/api/types'

function output(o: Partial<Output>): Output {
  return { device: 'horn', device_name: '警笛', division: '', edge: 'e', demo: false, output: 'siren', name: '警笛', name_en: 'Siren', max_on: 180, safe: false, online: true, reported_at: '', why: [], ...o }
}

describe('an output', () => {
  it('that nobody has confirmed is not known, and can be brought back all the same', () => {
    expect(standing(output({}))).toBe('unknown')
    expect(away(output({}))).toBe(true)
    expect(away(output({ on: false }))).toBe(false)
  })
  it('whose safe state is on is away when it is off', () => {
    expect(away(output({ safe: true, on: false }))).toBe(true)
    expect(away(output({ safe: true, on: true }))).toBe(false)
  })
  it('is proposed for a minute at most and no longer than it may', () => {
    expect(firstSeconds(output({ max_on: 30 }))).toBe(30)
    expect(firstSeconds(output({ max_on: 7200 }))).toBe(60)
    expect(firstSeconds(output({ max_on: 0 }))).toBe(60)
  })
  it.each([[0, 'none'], ['', 'none'], [1.5, 'none'], [181, 'long'], [180, ''], [1, '']])('for %s seconds: %s', (seconds, fault) => {
    expect(secondsFault(seconds, output({}))).toBe(fault)
  })
  it('says why', () => {
    expect(causesOf(output({ why: ['command', 'gas-high rd-gas-1 ch4_lel'] }))).toEqual([
      { kind: 'command', rule: '', device: '', property: '' },
      { kind: 'alarm', rule: 'gas-high', device: 'rd-gas-1', property: 'ch4_lel' },
    ])
    expect(causesOf(output({ why: null }))).toEqual([])
  })
})

describe('an order', () => {
  it('is done only when the terminal has confirmed it', () => {
    expect(phaseOf({ ok: true })).toBe('confirmed')
    expect(phaseOf({ ok: false })).toBe('refused')
    expect(phaseOfFailure(503, 'device.no_answer')).toBe('unanswered')
    expect(phaseOfFailure(0, '')).toBe('unanswered')
    expect(phaseOfFailure(503, 'output.offline')).toBe('failed')
    expect(phaseOfFailure(403, 'auth.denied')).toBe('failed')
  })
  it('without an answer is told anew when the answer comes late', () => {
    const told = { phase: 'unanswered', on: true, at: 1, why: '' } as const
    const order = { id: 'a', at: '2026-01-01T00:00:00Z', by: '王', on: true, seconds: 60, note: '', ok: false, unanswered: true }
    const late_at = '2026-01-01T00:05:00Z'
    expect(lateOf(told, [order])).toBe(told)
    expect(lateOf(told, [{ ...order, on: false, ok: true, late_at }])).toBe(told)
    expect(lateOf(told, [{ ...order, ok: true, late_at }])).toMatchObject({ phase: 'late_ok', at: Date.parse(late_at) })
    expect(lateOf(told, [{ ...order, error: 'no power', late_at }])).toMatchObject({ phase: 'late_refused', why: 'no power' })
    expect(lateOf({ ...told, phase: 'failed' }, [{ ...order, ok: true, late_at }]).phase).toBe('failed')
  })
})
