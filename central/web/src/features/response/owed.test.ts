import { describe, expect, it } from 'vitest'
import { due, late, told } from './owed'
import type { Owed } from './types'

const owed = (id: string, state: Owed['state'], dueAt: string, endedAt?: string): Owed => ({ id, state, due_at: dueAt, ended_at: endedAt }) as Owed
const list = [
  owed('met early', 'met', '2026-11-27T01:00:00Z', '2026-11-27T00:40:00Z'), owed('later', 'due', '2026-11-27T09:00:00Z'), owed('dropped', 'dropped', '2026-11-27T02:00:00Z', '2026-11-27T01:10:00Z'),
  owed('sooner', 'due', '2026-11-27T03:00:00Z'),
]

describe('reports that a response owes', () => {
  it('are due by their time, without what was sent or is not asked for any more', () => {
    expect(due(list).map((o) => o.id)).toEqual(['sooner', 'later'])
  })
  it('are late from the moment at which they are due, and never once they were sent', () => {
    const at = Date.parse('2026-11-27T03:00:00Z')
    expect(list.filter((o) => late(o, at)).map((o) => o.id)).toEqual(['sooner'])
    expect(list.filter((o) => late(o, at - 1)).map((o) => o.id)).toEqual([])
  })
  it('are told with what is owed first, and what ended last before what ended long ago', () => {
    expect(told(list).map((o) => o.id)).toEqual(['sooner', 'later', 'dropped', 'met early'])
  })
})
