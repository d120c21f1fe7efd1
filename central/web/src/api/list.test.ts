import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'
import { useList, type List } from './list'
import type { Page } from './types'

interface Row { id: string; state: string }
interface Question { query: { q: string; after: string }; says: (ids: string[], next?: string) => Promise<void> }

let scope: EffectScope
beforeEach(() => { scope = effectScope() })
afterEach(() => scope.stop())

const settled = async (): Promise<void> => { for (let i = 0; i < 10; i++) await nextTick() }
const row = (id: string, state = 'old'): Row => ({ id, state })

function listed(q = ref('')): { list: List<Row>; questions: Question[] } {
  const questions: Question[] = []
  const ask = (query: { q: string; after: string }) => new Promise<Page<Row>>((resolve) => {
    questions.push({ query, says: (ids, next = '') => { resolve({ items: ids.map((id) => row(id)), next } as Page<Row>); return settled() } })
  })
  const list = scope.run(() => useList(() => ({ q: q.value }), ask))
  if (!list) throw new Error('the scope has ended')
  return { list, questions }
}
const ids = (list: List<Row>) => list.items.value.map((r) => r.id).join('')

describe('useList', () => {
  it('keeps what it shows until another query is answered, and drops an answer to the query before', async () => {
    const q = ref('')
    const { list, questions } = listed(q)
    await questions[0]!.says(['a', 'b'])
    void list.reload()
    q.value = 'c'
    await settled()
    expect([ids(list), list.loading.value]).toEqual(['ab', true])
    await questions[2]!.says(['c'])
    await questions[1]!.says(['a', 'b'])
    expect([ids(list), list.loading.value]).toEqual(['c', false])
  })

  it('adds what comes after, but not to a list that was read anew meanwhile', async () => {
    const { list, questions } = listed()
    await questions[0]!.says(['a', 'b'], 'b')
    void list.more()
    expect(questions[1]!.query.after).toBe('b')
    await questions[1]!.says(['c'], 'c')
    expect([ids(list), list.next.value]).toEqual(['abc', 'c'])
    void list.more()
    void list.reload()
    await questions[3]!.says(['x', 'a'], 'a')
    await questions[2]!.says(['d'])
    expect([ids(list), list.next.value, list.loading.value]).toEqual(['xa', 'a', false])
  })

  it('does not lose what an act returned to an answer from before it', async () => {
    const { list, questions } = listed()
    await questions[0]!.says(['a', 'b'])
    void list.reload()
    list.drop('a')
    expect(ids(list)).toBe('b')
    await questions[2]!.says(['b'])
    await questions[1]!.says(['a', 'b'])
    expect(ids(list)).toBe('b')
  })
})
