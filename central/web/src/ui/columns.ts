// The columns of a list and how its rows are sorted.

export type Value = string | number | undefined

export interface Column<T> {
  key: string
  label: string
  width?: string
  numeric?: boolean
  // value sorts the rows and is shown when the column has no slot of its own.
  value?: (row: T) => Value
}

// sorted orders rows by "key" or "-key"; rows without the value come last either way.
export function sorted<T>(rows: readonly T[], columns: readonly Column<T>[], order: string): T[] {
  const down = order.startsWith('-')
  const value = columns.find((c) => c.key === (down ? order.slice(1) : order))?.value
  if (!value) return [...rows]
  return [...rows].sort((a, b) => {
    const x = value(a)
    const y = value(b)
    if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? 1 : -1
    const c = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), 'zh-CN', { numeric: true })
    return down ? -c : c
  })
}

// turned is the order after a click on a column: up, down, none.
export function turned(order: string, key: string): string {
  if (order === key) return `-${key}`
  return order === `-${key}` ? '' : key
}
