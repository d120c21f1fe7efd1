import { describe, expect, it } from 'vitest'
import { grouped, groupOf, stepsOf } from './tasks'
import type { Task } from './types'

const now = Date.parse('2026-11-26T12:00:00Z')
const task = (state: string, due = '2026-11-26T13:00:00Z', rest: Partial<Task> = {}) => ({ state, due_at: due, condition: '', action_id: 'a', ...rest }) as Task

describe('groupOf', () => {
  it('puts what is late first, and what is over never', () => {
    expect(groupOf(task('given'), now)).toBe('given')
    expect(groupOf(task('started', '2026-11-26T11:59:00Z'), now)).toBe('late')
    expect(groupOf(task('accepted', undefined, { late_at: '2026-11-26T11:00:00Z' }), now)).toBe('late')
    expect(groupOf(task('done', '2026-11-26T11:00:00Z'), now)).toBe('done')
    expect(groupOf(task('needless'), now)).toBe('done')
    expect(grouped([task('void'), task('started')], now)).toMatchObject({ void: [{}], started: [{}], given: [] })
  })
})

describe('stepsOf', () => {
  it('lets only what has a condition be needless', () => {
    expect(stepsOf(task('given'))).toEqual(['accept', 'start', 'done', 'note'])
    expect(stepsOf(task('started', undefined, { condition: '水位上涨' }))).toEqual(['done', 'note', 'needless'])
    expect(stepsOf(task('done'))).toEqual(['note', 'reopen'])
    expect(stepsOf(task('void'))).toEqual([])
  })
})
