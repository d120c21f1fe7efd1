// A camera on its way by mouse: from the list or a tile to another tile or the second screen.

const kind = 'application/x-fengsui-camera'

interface Carried {
  camera: string
  // slot is where it was taken from, counted over all pages; -1: from the list.
  slot: number
}

export function carry(e: DragEvent, camera: string, slot = -1): void {
  e.dataTransfer?.setData(kind, JSON.stringify({ camera, slot } satisfies Carried))
  if (e.dataTransfer) e.dataTransfer.effectAllowed = 'move'
}

// carries tells whether what is dragged is a camera; what it is can be read only when it is dropped.
export function carries(e: DragEvent): boolean {
  return e.dataTransfer?.types.includes(kind) ?? false
}

export function carried(e: DragEvent): Carried | undefined {
  try {
    const found = JSON.parse(e.dataTransfer?.getData(kind) ?? '') as Partial<Carried>
    return typeof found.camera === 'string' && typeof found.slot === 'number' ? { camera: found.camera, slot: found.slot } : undefined
  } catch {
    return undefined
  }
}
