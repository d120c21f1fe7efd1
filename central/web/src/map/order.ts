// Which layer lies over which. A layer's id is group:name; the groups stand here from the ground up.

export const groups = ['ground', 'rim', 'places', 'counties', 'tracks', 'bubbles', 'signs', 'selection'] as const

export type Group = (typeof groups)[number]

export function groupOf(layerId: string): Group | undefined {
  const name = layerId.slice(0, layerId.indexOf(':'))
  return groups.find((g) => g === name)
}

// above finds the layer that a new one must lie under: the first of a higher group.
export function above(layerId: string, present: readonly string[]): string | undefined {
  const group = groupOf(layerId)
  const mine = group ? groups.indexOf(group) : groups.length
  return present.find((id) => {
    const theirs = groupOf(id)
    return theirs !== undefined && groups.indexOf(theirs) > mine
  })
}
