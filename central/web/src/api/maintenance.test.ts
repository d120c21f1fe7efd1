import { describe, expect, it } from 'vitest'
import { covers, holds, workOn } from './maintenance'
import type { Device, Maintenance } from './types'

const now = Date.parse('2026-11-26T08:00:00Z')
const span = { from: '2026-11-26T07:00:00Z', to: '2026-11-26T09:00:00Z' }
const window = (more: Partial<Maintenance>) => ({ id: 'w', target: 'device', subject: 'gas-1', division: '320623', span, ...more }) as Maintenance
const gas = { id: 'gas-1', parent: 'edge', class: 'gas', division: '320623' } as Device

describe('workOn', () => {
  it('finds what lies over the device, its terminal or its class', () => {
    expect(workOn([window({})], gas, now)).toBeDefined()
    expect(workOn([window({ target: 'terminal', subject: 'edge' })], gas, now)).toBeDefined()
    expect(workOn([window({ target: 'class', subject: 'gas', division: '320600' })], gas, now)).toBeDefined()
    expect(workOn([window({ target: 'class', subject: 'gas', division: '320681' })], gas, now)).toBeUndefined()
    expect(workOn([window({ target: 'rule', subject: 'leak' }), window({ subject: 'gas-2' })], gas, now)).toBeUndefined()
  })
  it('takes the one that ends last', () => {
    const long = window({ id: 'long', span: { ...span, to: '2026-11-26T10:00:00Z' } })
    expect(workOn([window({}), long], gas, now)?.id).toBe('long')
  })
  it('knows the time itself', () => {
    expect(holds(window({}), Date.parse(span.to))).toBe(false)
    expect(holds(window({}), Date.parse(span.from) - 1)).toBe(false)
    expect(holds(window({ span: undefined }), now)).toBe(false)
  })
})

describe('covers', () => {
  it('goes by the stem of the code', () => {
    expect(covers('320600', '320623104')).toBe(true)
    expect(covers('320623', '320600')).toBe(false)
    expect(covers(undefined, '320600')).toBe(false)
  })
})
