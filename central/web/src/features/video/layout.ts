// Which camera is in which tile, as it is kept on this computer. Pure.

// 8 is one large picture and seven small ones.
export const sizes = [1, 4, 8, 9, 16] as const
export type Size = (typeof sizes)[number]
export const most = 64

export interface Layout {
  size: Size
  // slots holds camera ids, page after page; empty ones are ''.
  slots: string[]
  // tour is how many seconds each page stays; 0: pages are turned by hand.
  tour: number
}

export const plain: Layout = { size: 4, slots: [], tour: 0 }

export function sizeOf(n: unknown): Size {
  return sizes.find((s) => s === n) ?? plain.size
}

// readLayout accepts what was stored, whatever became of it.
export function readLayout(stored: string): Layout {
  try {
    const found = JSON.parse(stored) as Partial<Layout> | null
    const slots = Array.isArray(found?.slots) ? found.slots.map((s) => (typeof s === 'string' ? s : '')) : []
    const tour = typeof found?.tour === 'number' && found.tour >= 5 && found.tour <= 600 ? Math.round(found.tour) : 0
    return { size: sizeOf(found?.size), slots: slots.slice(0, most), tour }
  } catch {
    return { ...plain }
  }
}

// pagesOf is how many pages have cameras on them, at least one.
export function pagesOf(layout: Layout): number {
  return Math.max(1, Math.ceil((layout.slots.findLastIndex((s) => s !== '') + 1) / layout.size))
}

export function slotsOf(layout: Layout, page = 0): string[] {
  return Array.from({ length: layout.size }, (_, i) => layout.slots[page * layout.size + i] ?? '')
}

// put sets a camera into a slot, counted over all pages, and takes it out of any other: one camera is one tile.
export function put(layout: Layout, slot: number, camera: string): Layout {
  if (slot >= most) return layout
  const slots = Array.from({ length: Math.max(layout.slots.length, slot + 1) }, (_, i) => {
    const here = layout.slots[i] ?? ''
    if (i === slot) return camera
    return camera && here === camera ? '' : here
  })
  return { ...layout, slots }
}

// swap changes what is in two slots.
export function swap(layout: Layout, a: number, b: number): Layout {
  const slots = Array.from({ length: Math.max(layout.slots.length, a + 1, b + 1) }, (_, i) => layout.slots[i] ?? '')
  ;[slots[a], slots[b]] = [slots[b] ?? '', slots[a] ?? '']
  return { ...layout, slots }
}

// freeSlot is where the next camera goes: the marked tile if it is empty, else the first empty one of the page, else
// the one that is marked.
export function freeSlot(layout: Layout, marked: number, page = 0): number {
  const shown = slotsOf(layout, page)
  const first = page * layout.size
  if (shown[marked] === '') return first + marked
  const empty = shown.indexOf('')
  return first + (empty < 0 ? Math.min(marked, layout.size - 1) : empty)
}

// isSmall tells which tiles show the camera's smaller picture: all of 9 and 16, and all of 8 but the large one.
export function isSmall(size: Size, slot: number): boolean {
  return size > 8 || (size === 8 && slot > 0)
}

// gridOf is the style of the grid; the large picture of 8 takes three rows and three columns of four.
export function gridOf(size: Size): { gridTemplate: string } {
  const side = size === 8 ? 4 : Math.sqrt(size)
  return { gridTemplate: `repeat(${side}, minmax(0, 1fr)) / repeat(${side}, minmax(0, 1fr))` }
}
