import { describe, expect, it } from 'vitest'
import { limitsOf } from './limits'
import type { Rule } from '@/api/types'

describe('limitsOf', () => {
  it('leaves out limits that are no value of the series: a rise, a silence, an expression', () => {
    const rules = ['above', 'below', 'rise', 'fall', 'stuck', 'silent', 'expression'].map((condition) => ({ id: condition, condition }) as Rule)
    expect(limitsOf(rules).map((r) => r.id)).toEqual(['above', 'below'])
  })
})
