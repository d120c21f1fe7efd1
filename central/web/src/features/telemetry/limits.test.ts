import { describe, expect, it } from 'vitest'
import { briefly, limitsOf } from './limits'
import type { Rule } from '@/api/types'

describe('limitsOf', () => {
  it('leaves out limits that are no value of the series: a rise, a silence, an expression', () => {
    const rules = ['above', 'below', 'rise', 'fall', 'stuck', 'silent', 'expression'].map((condition) => ({ id: condition, condition }) as Rule)
    expect(limitsOf(rules).map((r) => r.id)).toEqual(['above', 'below'])
  })
})

describe('briefly', () => {
  it.each([['24h0m0s', '24h'], ['2h10m0s', '2h10m'], ['10m0s', '10m'], ['3s', '3s'], ['10s', '10s']])('%s is %s', (long, short) => expect(briefly(long)).toBe(short))
})
