import { describe, expect, it } from 'vitest'
import { stateOf } from './talk'
import type { Heard } from '@/api/types'

const place = (state: Heard['state']): Heard => ({ listener: state, state })

describe('a call', () => {
  it.each([
    [['hears', 'failed'], 'speaking'],
    [['calling', 'taken'], 'calling'],
    [['failed', 'taken'], 'failed'],
    [[], 'failed'],
  ] as const)('whose scenes are %j is %s', (states, is) => {
    expect(stateOf(states.map(place))).toBe(is)
  })
})
