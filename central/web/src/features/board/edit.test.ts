import { describe, expect, it } from 'vitest'
import { added, begin, missing, moved, stepped, undone } from './edit'

const board = { title: '河', title_en: '', division: '320623', tiles: [{ id: 't2', kind: 'alarms' as const, columns: 1, rows: 1 }] }

describe('a draft', () => {
  it('takes back one step after the other, and what changed nothing is no step', () => {
    let e = begin(board)
    e = stepped(e, (d) => added(d, 'river'))
    e = stepped(e, (d) => added(d, 'now'))
    e = stepped(e, (d) => { d.title = '河' })
    expect(e.draft.tiles.map((t) => t.id)).toEqual(['t2', 't3', 't4'])
    e = undone(e)
    expect(e.draft.tiles.map((t) => t.kind)).toEqual(['alarms', 'river'])
    e = undone(undone(undone(e)))
    expect(e.draft).toEqual(begin(board).draft)
    expect(board.tiles).toHaveLength(1)
  })
  it('gives a new tile an id that is free', () => {
    const d = begin({ ...board, tiles: [{ id: 't2', kind: 'now', columns: 1, rows: 1 }, { id: 'x', kind: 'now', columns: 1, rows: 1 }] }).draft
    added(d, 'now')
    d.tiles.splice(1, 1)
    added(d, 'now')
    expect(new Set(d.tiles.map((t) => t.id)).size).toBe(3)
  })
  it('moves within its list only', () => {
    const list = ['a', 'b', 'c']
    moved(list, 0, -1)
    moved(list, 2, 1)
    moved(list, 0, 1)
    expect(list).toEqual(['b', 'a', 'c'])
  })
  it('says what is missing', () => {
    const with_ = (...stations: { series: string; km: number; source: string; unverified: boolean; warning?: number; guarantee?: number }[]) => missing({ ...begin(board).draft, tiles: [{ id: 'a', kind: 'river', columns: 1, rows: 1, stations }] })
    const one = { series: 'a/b', km: 3, source: 'x', unverified: true }
    expect(missing({ ...begin(board).draft, title: ' ' })).toBe('board.missing.title')
    expect(with_({ ...one, source: '' })).toBe('board.missing.source')
    expect(with_(one, { ...one, km: 2 })).toBe('board.missing.order')
    expect(with_({ ...one, warning: 5, guarantee: 4 })).toBe('board.missing.levels')
    expect(with_(one, one)).toBe('')
  })
})
