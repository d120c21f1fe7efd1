// A board while somebody edits it: a draft with steps that can be undone. Pure.
import type { Board, Tile, TileKind } from './types'

export interface Draft {
  title: string
  title_en: string
  division: string
  tiles: Tile[]
}

// Editing is the draft and what it was before each step, newest last.
export interface Editing {
  draft: Draft
  past: Draft[]
}

const longestPast = 100
export const mostTiles = 24

export function begin(board: Pick<Board, 'title' | 'title_en' | 'division' | 'tiles'>): Editing {
  return { draft: copyOf({ title: board.title, title_en: board.title_en, division: board.division, tiles: board.tiles }), past: [] }
}

export function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

// stepped makes a step; one that changes nothing is none.
export function stepped(e: Editing, change: (draft: Draft) => void): Editing {
  const draft = copyOf(e.draft)
  change(draft)
  if (JSON.stringify(draft) === JSON.stringify(e.draft)) return e
  return { draft, past: [...e.past.slice(-longestPast + 1), e.draft] }
}

export function undone(e: Editing): Editing {
  const draft = e.past.at(-1)
  return draft ? { draft, past: e.past.slice(0, -1) } : e
}

const shapes: Record<TileKind, { columns: number; rows: number }> = {
  river: { columns: 3, rows: 2 },
  plan: { columns: 2, rows: 2 },
  course: { columns: 2, rows: 1 },
  rain: { columns: 2, rows: 1 },
  now: { columns: 2, rows: 1 },
  alarms: { columns: 1, rows: 2 },
  camera: { columns: 1, rows: 1 },
}
export const kinds = Object.keys(shapes) as TileKind[]

// added appends an empty tile with an id that the board does not have yet.
export function added(draft: Draft, kind: TileKind): void {
  const ids = new Set(draft.tiles.map((t) => t.id))
  let n = draft.tiles.length + 1
  while (ids.has(`t${n}`)) n += 1
  draft.tiles.push({ id: `t${n}`, kind, ...shapes[kind] })
}

// moved puts a tile by steps earlier or later.
export function moved<T>(list: T[], at: number, by: number): void {
  const to = at + by
  if (to < 0 || to >= list.length || at < 0 || at >= list.length) return
  const [one] = list.splice(at, 1)
  if (one !== undefined) list.splice(to, 0, one)
}

// seriesOf are the keys of every series that a tile reads from the past; a river its stations.
export function seriesOf(tile: Tile): string[] {
  return [...(tile.series ?? []), ...(tile.stations ?? []).map((s) => s.series)]
}

// missing says what keeps a draft from being saved: the key of a sentence, '' when nothing does.
export function missing(draft: Draft): string {
  if (!draft.title.trim()) return 'board.missing.title'
  for (const tile of draft.tiles) {
    const stations = tile.stations ?? []
    if (stations.some((s) => !s.source.trim())) return 'board.missing.source'
    if (stations.some((s, i) => s.km < (stations[i - 1]?.km ?? 0))) return 'board.missing.order'
    if (stations.some((s) => s.warning !== undefined && s.guarantee !== undefined && s.guarantee < s.warning)) return 'board.missing.levels'
  }
  return ''
}
