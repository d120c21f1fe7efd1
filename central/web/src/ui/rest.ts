// Rows that are out of sight: how many there are, how grave the gravest is, and which row begins the next page. Pure.
import type { Level } from '@/api/types'

// Row is where one row lies, in pixels down the list, and the level of its alarm, 0 without one.
export interface Row {
  top: number
  bottom: number
  level: Level | 0
}

export interface View {
  top: number
  bottom: number
}

export interface Rest {
  n: number
  worst: Level | 0
}

// A row that lacks less than this can be read.
const slack = 2

function seen(row: Row, view: View): boolean {
  return row.top >= view.top - slack && row.bottom <= view.bottom + slack
}

// restOf counts the rows that are not wholly in view.
export function restOf(rows: readonly Row[], view: View): Rest {
  const hidden = rows.filter((r) => !seen(r, view))
  const levels = hidden.flatMap((r) => r.level || [])
  return { n: hidden.length, worst: levels.length ? (Math.min(...levels) as Level) : 0 }
}

// nextOf is the row that the next page begins with: the first that is cut below, or the first of all. With
// alarmed, pages without an alarm are passed over.
export function nextOf(rows: readonly Row[], view: View, alarmed: boolean): number {
  const below = rows.findIndex((r) => r.bottom > view.bottom + slack)
  if (below < 0) return 0
  return alarmed && !rows.slice(below).some((r) => r.level) ? 0 : below
}
