import { expect, it } from 'vitest'
import { backlogOf } from './backlog'
import type { Device } from '@/api/types'

const edge = (state: Device['state'], records: number, oldest = 0, seen = '2026-01-01T04:02:00Z') => ({ state, last_seen: seen, agent: { backlog: { records, oldest } } }) as unknown as Device

it('adds up what terminals hold', () => {
  expect(backlogOf([edge('online', 3, 2000), edge('online', 4, 1000), { state: 'never' } as Device])).toEqual({ records: 7, oldest: 1000, lost: 0 })
})
it('takes the last word of a terminal that is cut off for nothing', () => {
  expect(backlogOf([edge('online', 0), edge('offline', 0), edge('offline', 5, 9, '2026-01-01T03:00:00Z')])).toEqual({ records: 0, lost: 2, since: Date.parse('2026-01-01T03:00:00Z') })
})
