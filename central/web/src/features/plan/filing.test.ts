import { describe, expect, it } from 'vitest'
import { filingActs, type Detail } from './types'

const plan = (more: Partial<Detail>): Detail => ({ own: true, state: 'published', version: 2, filings: [{ no: 1, published_at: '', receipt: '', due_what: 'file' }, { no: 2, published_at: '', receipt: '', due_what: 'file' }], ...more }) as Detail

describe('filingActs', () => {
  it('files what the steps of the plan do not reach', () => {
    expect(filingActs(plan({}), 1)).toEqual(['hand'])
    expect(filingActs(plan({}), 2)).toEqual([])
    expect(filingActs(plan({ state: 'revising' }), 2)).toEqual(['hand'])
    expect(filingActs(plan({ state: 'abolished' }), 1)).toEqual([])
    expect(filingActs(plan({ own: false }), 1)).toEqual([])
  })
  it('answers what was handed in, once', () => {
    expect(filingActs(plan({ filings: [{ no: 1, published_at: '', receipt: '', due_what: 'receipt', handed_at: '2026-11-26T00:00:00Z' }] }), 1)).toEqual(['receipt', 'return'])
    expect(filingActs(plan({ filings: [{ no: 1, published_at: '', receipt: '备1', due_what: '', filed_at: '2026-11-26T00:00:00Z' }] }), 1)).toEqual([])
  })
})
