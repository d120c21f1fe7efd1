// Two people have written in one plan: what only one of them touched is joined, what both touched is asked.
import type { Body } from './types'

export type ListName = keyof Body
export const lists: readonly ListName[] = ['chapters', 'levels', 'roles', 'groups', 'reports', 'actions', 'contacts']

type Part = Record<string, unknown>
export interface Clash { list: ListName; id: string; mine?: Part; theirs?: Part }

export const idOf = (list: ListName, part: Part): string => String(list === 'levels' ? part.level : part.id)
const text = (part?: Part): string => JSON.stringify(part ?? null)
const parts = (body: Body, list: ListName): Part[] => body[list] as unknown as Part[]

// merge joins mine and theirs, which both began from base. Where they clash mine stands, until somebody chooses.
export function merge(base: Body, mine: Body, theirs: Body): { body: Body; clashes: Clash[] } {
  const out = {} as Record<ListName, Part[]>
  const clashes: Clash[] = []
  for (const list of lists) {
    const by = (body: Body): Map<string, Part> => new Map(parts(body, list).map((p) => [idOf(list, p), p]))
    const [b, m, th] = [by(base), by(mine), by(theirs)]
    const kept = new Map<string, Part>()
    for (const id of new Set([...m.keys(), ...th.keys(), ...b.keys()])) {
      const [was, my, their] = [b.get(id), m.get(id), th.get(id)]
      let part = my
      if (text(my) === text(was)) part = their
      else if (text(their) !== text(was) && text(my) !== text(their)) {
        clashes.push({ list, id, mine: my, theirs: their })
        part = my ?? their
      }
      if (part) kept.set(id, part)
    }
    // My order; what is new of theirs stands behind the part that it stands behind there.
    const order = [...m.keys()].filter((id) => kept.has(id))
    let before = ''
    for (const id of th.keys()) {
      if (kept.has(id) && !order.includes(id)) order.splice(order.indexOf(before) + 1, 0, id)
      if (kept.has(id)) before = id
    }
    for (const id of kept.keys()) if (!order.includes(id)) order.push(id)
    out[list] = order.map((id) => kept.get(id)!)
  }
  return { body: out as unknown as Body, clashes }
}

// choose puts their part where mine stands.
export function choose(body: Body, clash: Clash, theirs: boolean): Body {
  const part = theirs ? clash.theirs : clash.mine
  const list = parts(body, clash.list)
  const at = list.findIndex((p) => idOf(clash.list, p) === clash.id)
  const next = at < 0 ? (part ? [...list, part] : list) : part ? list.with(at, part) : list.toSpliced(at, 1)
  return { ...body, [clash.list]: next } as Body
}
