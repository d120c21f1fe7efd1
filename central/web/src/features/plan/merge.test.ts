import { describe, expect, it } from 'vitest'
import { choose, merge } from './merge'
import type { Body, Chapter } from './types'

const chapter = (id: string, text = ''): Chapter => ({ id, depth: 1, title: id, text, brief: false })
const body = (...chapters: Chapter[]): Body => ({ chapters, levels: [], roles: [], actions: [], contacts: [], groups: [], reports: [] })

describe('two writers of one plan', () => {
  const base = body(chapter('a'), chapter('b'), chapter('c'))

  it('are joined where they touched different parts', () => {
    const mine = body(chapter('a', 'mine'), chapter('b'), chapter('c'), chapter('m'))
    const theirs = body(chapter('a'), chapter('t'), chapter('b', 'theirs'))
    const { body: joined, clashes } = merge(base, mine, theirs)
    expect(clashes).toEqual([])
    expect(joined.chapters.map((c) => c.id + c.text)).toEqual(['amine', 't', 'btheirs', 'm'])
  })

  it('are asked where both wrote, and either can be chosen', () => {
    const { body: joined, clashes } = merge(base, body(chapter('a', 'mine'), chapter('b')), body(chapter('a', 'theirs'), chapter('b'), chapter('c', 'kept')))
    expect(clashes.map((c) => c.id).sort()).toEqual(['a', 'c'])
    const [first] = clashes.filter((c) => c.id === 'a')
    expect(joined.chapters.find((c) => c.id === 'a')?.text).toBe('mine')
    expect(choose(joined, first!, true).chapters.find((c) => c.id === 'a')?.text).toBe('theirs')
    expect(choose(joined, clashes.find((c) => c.id === 'c')!, false).chapters.map((c) => c.id)).toEqual(['a', 'b'])
  })

  it('agree when they wrote the same', () => {
    expect(merge(base, body(chapter('a', 'x')), body(chapter('a', 'x'))).clashes).toEqual([])
  })
})
