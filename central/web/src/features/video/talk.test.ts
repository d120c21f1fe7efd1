import { describe, expect, it } from 'vitest'
import { stateOf } from './talk'
import type { Heard } from '@/api/types'

const place = (state: Heard['state']): Heard => ({ listener: state, state })

describe('a call', () => {
  it.each([
    [['hears', 'failed'], true, 'speaking'],
    [['hears', 'failed'], false, 'calling'], // nothing leaves this computer
    [['calling', 'taken'], true, 'calling'],
    [['failed', 'taken'], true, 'failed'],
    [['failed', 'taken'], false, 'failed'],
    [[], true, 'failed'],
  ] as const)('whose scenes are %j, connected: %s, is %s', (states, up, is) => {
    expect(stateOf(states.map(place), up)).toBe(is)
  })
})
