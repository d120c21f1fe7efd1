import { describe, expect, it } from 'vitest'
import { sorted, turned, type Column } from './columns'

interface Row {
  name: string
  n?: number
}
const columns: Column<Row>[] = [{ key: 'name', label: '', value: (r) => r.name }, { key: 'n', label: '', value: (r) => r.n }]
const rows: Row[] = [{ name: '站10', n: 2 }, { name: '站9' }, { name: '站1', n: 10 }]

describe('sorted', () => {
  it('orders numbers as numbers, also inside names', () => {
    expect(sorted(rows, columns, 'name').map((r) => r.name)).toEqual(['站1', '站9', '站10'])
    expect(sorted(rows, columns, 'n').map((r) => r.n)).toEqual([2, 10, undefined])
  })
  it('keeps what has no value at the end either way', () => {
    expect(sorted(rows, columns, '-n').map((r) => r.n)).toEqual([10, 2, undefined])
  })
  it('leaves the order alone without a known column', () => {
    expect(sorted(rows, columns, 'other')).toEqual(rows)
  })
})

describe('turned', () => {
  it('goes up, down, none', () => {
    expect(turned('', 'n')).toBe('n')
    expect(turned('n', 'n')).toBe('-n')
    expect(turned('-n', 'n')).toBe('')
  })
})
