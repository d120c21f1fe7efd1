// Which camera is in which tile, as it is kept on this computer. Pure.

export const sizes = [1, 4, 9] as const
export type Size = (typeof sizes)[number]

export interface Layout {
  size: Size
  // slots holds camera ids; empty ones are ''.
  slots: string[]
}

export const plain: Layout = { size: 4, slots: [] }

// readLayout accepts what was stored, whatever became of it.
export function readLayout(stored: string): Layout {
  try {
    const found = JSON.parse(stored) as Partial<Layout> | null
    const size = sizes.find((s) => s === found?.size) ?? plain.size
    const slots = Array.isArray(found?.slots) ? found.slots.map((s) => (typeof s === 'string' ? s : '')) : []
    return { size, slots: slots.slice(0, 9) }
  } catch {
    return { ...plain }
  }
}

export function slotsOf(layout: Layout): string[] {
  return Array.from({ length: layout.size }, (_, i) => layout.slots[i] ?? '')
}

// put sets a camera into a slot and takes it out of any other: one camera is one tile.
export function put(layout: Layout, slot: number, camera: string): Layout {
  const slots = Array.from({ length: 9 }, (_, i) => {
    const here = layout.slots[i] ?? ''
    if (i === slot) return camera
    return camera && here === camera ? '' : here
  })
  return { ...layout, slots }
}

// freeSlot is where the next camera goes: the first empty tile, else the one that is marked.
export function freeSlot(layout: Layout, marked: number): number {
  const shown = slotsOf(layout)
  if (shown[marked] === '') return marked
  const empty = shown.indexOf('')
  return empty < 0 ? Math.min(marked, layout.size - 1) : empty
}
