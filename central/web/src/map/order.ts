// Which layer lies over which. A layer's id is group:name; the groups stand here from the ground up.

export const groups = ['ground', 'places', 'counties', 'tracks', 'terminals', 'cameras', 'sensors', 'mobiles', 'alarmed', 'selection'] as const

export type Group = (typeof groups)[number]

export function groupOf(layerId: string): Group | undefined {
  const name = layerId.slice(0, layerId.indexOf(':'))
  return groups.find((g) => g === name)
}

// above finds the layer that a new one of the group must lie under: the first of a higher group.
export function above(group: Group, present: readonly string[]): string | undefined {
  const mine = groups.indexOf(group)
  return present.find((id) => {
    const theirs = groupOf(id)
    return theirs !== undefined && groups.indexOf(theirs) > mine
  })
}
