import { describe, expect, it } from 'vitest'
import { differences } from './diff'

const told = (before: unknown, after: unknown): string[] => differences(before, after).map((d) => `${d.path.join('.')}: ${d.from ?? '-'} > ${d.to ?? '-'}`)

describe('the difference of two configurations', () => {
  it('says field by field what was and what comes', () => {
    const before = { name: '甲', log: { level: 'info', format: 'text' }, budget: { monthly_mb: 0 } }
    expect(told(before, { name: '甲', log: { level: 'debug', format: 'text' }, outbox: { grace: '72h' } })).toEqual(['log.level: "info" > "debug"', 'outbox.grace: - > "72h"', 'budget.monthly_mb: 0 > -'])
    expect(told(before, structuredClone(before))).toEqual([])
  })
  it('knows the members of a list by their name, wherever they stand', () => {
    const a = { id: 'a', every: '1s' }
    const b = { id: 'b', every: '1s' }
    expect(told({ sensors: [a, b] }, { sensors: [{ ...b, every: '5s' }, a] })).toEqual(['sensors.[b].every: "1s" > "5s"'])
    expect(told({ sensors: [a, b] }, { sensors: [a] })).toEqual(['sensors.[b].id: "b" > -', 'sensors.[b].every: "1s" > -'])
    expect(told({ list: [1, 2] }, { list: [1, 3] })).toEqual(['list.[2]: 2 > 3'])
  })
  it('hides nothing: a list emptied, a type changed, two members of one name, a document that is none', () => {
    expect(told({ sensors: [{ id: 'a' }] }, { sensors: [] })).toEqual(['sensors: - > []', 'sensors.[a].id: "a" > -'])
    expect(told({ n: 5 }, { n: '5' })).toEqual(['n: 5 > "5"'])
    expect(told({ s: [{ id: 'a', n: 1 }] }, { s: [{ id: 'a', n: 1 }, { id: 'a', n: 2 }] })).toEqual(['s.[a].id: - > "a"', 's.[a].n: - > 2'])
    expect(told({ a: 1 }, null)).toEqual(['a: 1 > -'])
  })
  it('says of a terminal that had its own rules that it is given some, and names them', () => {
    expect(told({ n: 1 }, { n: 2, rules: [{ id: 'high', name: '高', limit: 5 }, { id: 'low' }] })).toEqual(['n: 1 > 2', 'rules: - > "高、low"'])
    expect(told({ rules: [{ id: 'high', limit: 5 }] }, { rules: [{ id: 'high', limit: 6 }] })).toEqual(['rules.[high].limit: 5 > 6'])
  })
})
