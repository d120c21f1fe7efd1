import { describe, expect, it } from 'vitest'
import { addDays, addMonths, clockIn, monthSpan, today, weekday } from './days'
import { cellKey, columnsOf, Draft, filled, found, offered, unsaved, weekCopied } from './draft'
import type { Person, Roster, Shift } from './types'

function shift(day: string, head: number, person: string, post = 'p'): Shift {
  return {
    post_id: post, day, watch: 0, head, org_id: 'o', watch_name: '全天', class: 'workday', required: true, starts_at: `${day}T00:30:00Z`, ends_at: `${addDays(day, 1)}T00:30:00Z`,
    person_id: person, person_name: person, layer: 'rule', base_id: person, rotation_id: 'r', turn: 0,
  }
}
const days = Array.from({ length: 14 }, (_, i) => addDays('2026-12-07', i))
function roster(): Roster {
  return { posts: [{ id: 'p', name: '值班员', name_en: '', org_id: 'o', tier: 'officer', position: 0, continuous: true, ended: false }], shifts: days.map((d, i) => shift(d, 0, ['a', 'b'][i % 2]!)) } as unknown as Roster
}
function person(id: string, more: Partial<Person> = {}): Person {
  return { id, name: id, title: '', active: true, verified: true, org_id: 'o', user_id: '', phones: [], updated_at: '', ...more }
}
const people = new Map([person('a'), person('b'), person('c', { verified: false })].map((p) => [p.id, p]))
const before = Date.parse('2026-12-01T00:00:00Z')

describe('a draft', () => {
  it('tells the faults that its changes bring before they are saved', () => {
    const d = new Draft(roster())
    expect(unsaved(roster(), d, people, before)).toEqual([])
    const key = cellKey('p', '2026-12-08', 0, 0)
    d.set([{ key, to: '' }], before)
    expect(unsaved(roster(), d, people, before)).toEqual([[key, 'gap']])
  })
  it('knows what changed, and forgets what was put back', () => {
    const d = new Draft(roster())
    const key = cellKey('p', '2026-12-08', 0, 0)
    d.set([{ key, to: 'c' }], before)
    expect(d.edits()).toEqual([{ cell: { post_id: 'p', day: '2026-12-08', watch: 0, head: 0 }, person_id: 'c', was: 'b' }])
    d.set([{ key, to: 'b' }], before)
    expect(d.size).toBe(0)
    d.undo()
    expect(d.person(key)).toBe('c')
    d.undo()
    expect([d.size, d.canUndo, d.canRedo]).toEqual([0, false, true])
    d.redo()
    expect(d.person(key)).toBe('c')
  })
  it('leaves alone what has begun', () => {
    const d = new Draft(roster())
    expect(d.set([{ key: cellKey('p', '2026-12-07', 0, 0), to: 'c' }], Date.parse('2026-12-07T00:30:00Z'))).toBe(0)
    expect(d.set([{ key: 'nowhere', to: 'c' }], before)).toBe(0)
  })
  it('finds the faults that a change brings', () => {
    const r = roster()
    r.shifts!.push(shift('2026-12-09', 0, 'b', 'q'))
    const d = new Draft(r)
    d.set([{ key: cellKey('p', '2026-12-10', 0, 0), to: '' }, { key: cellKey('p', '2026-12-11', 0, 0), to: 'c' }, { key: cellKey('p', '2026-12-09', 0, 0), to: 'b' }], before)
    expect(Object.fromEntries(d.faults(people, before))).toEqual({ 'p|2026-12-10|0|0': 'gap', 'p|2026-12-11|0|0': 'unverified', 'q|2026-12-09|0|0': 'double' })
  })
  it('fills a column in turn and copies a week', () => {
    const d = new Draft(roster())
    const column = columnsOf(roster())[0]!
    d.set(filled(d, column, days, '2026-12-10', ['c', 'a', 'b'], before), before)
    expect(days.map((day) => d.person(cellKey('p', day, 0, 0))).join('')).toBe('abacabcabcabca')
    d.undo()
    d.set(weekCopied(d, [column], '2026-12-07'), before)
    expect(days.map((day) => d.person(cellKey('p', day, 0, 0))).join('')).toBe('abababaabababa')
    expect(filled(d, column, days, '2026-12-10', [], before)).toEqual([])
  })
  it('finds people by what is typed', () => {
    const list = [person('张三'), person('李三', { title: '科长' }), person('三毛'), person('走了三', { active: false })]
    expect(found(list, '三').map((p) => p.name)).toEqual(['三毛', '张三', '李三'])
    expect(found(list, '科').map((p) => p.name)).toEqual(['李三'])
  })
  it('offers who is fit for the post, and last who serves on the day already', () => {
    const base = roster()
    const chief = shift('2026-12-07', 0, 'chief', 'l')
    const night = { ...shift('2026-12-07', 1, 'b'), watch_name: '夜' }
    const r = { ...base, posts: [...base.posts!, { ...base.posts![0]!, id: 'l', name: '带班领导', tier: 'leader' }], shifts: [...base.shifts!, chief, night] } as Roster
    const all = new Map(['a', 'b', 'chief', 'new'].map((id) => [id, person(id)]))
    const d = new Draft(r)
    const key = cellKey('p', '2026-12-07', 0, 0)
    const names = (typed: string): string[] => offered(r, d, all, key, typed).map((o) => o.person.id + (o.busy ? ` ${o.busy.watch_name}` : ''))
    expect(names('')).toEqual(['a', 'new', 'b 夜'])
    expect(names('chi')).toEqual([])
    expect(names('chief')).toEqual(['chief 全天']) // an exception that somebody spells out
    d.set([{ key: cellKey('p', '2026-12-07', 0, 1), to: 'new' }], before)
    expect(names('')).toEqual(['a', 'b', 'new 夜'])
  })
})

describe('days', () => {
  it('are civil', () => {
    expect([addDays('2026-02-28', 1), addMonths('2026-12', 1), weekday('2026-11-26')]).toEqual(['2026-03-01', '2027-01', 4])
    expect(monthSpan('2026-12')).toEqual({ from: '2026-12-01', to: '2027-01-01' })
    expect(today('Asia/Shanghai', new Date('2026-11-25T16:30:00Z'))).toBe('2026-11-26')
    expect(clockIn('2026-11-26T00:30:00Z', 'Asia/Shanghai')).toBe('08:30')
  })
})
