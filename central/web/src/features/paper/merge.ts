// Two people write one draft: what only one of them changed is taken from whoever did, what both changed is asked.
import type { Content } from './types'

export type Field = keyof Content

export interface Merged {
  content: Content
  // both are the fields that both changed, each to something else; content has mine in them.
  both: Field[]
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

// merged joins mine and theirs, which both began with base.
export function merged(base: Content, mine: Content, theirs: Content): Merged {
  const both: Field[] = []
  let content = { ...mine }
  for (const f of Object.keys(base) as Field[]) {
    if (same(theirs[f], base[f]) || same(theirs[f], mine[f])) continue
    if (same(mine[f], base[f])) content = { ...content, [f]: theirs[f] }
    else both.push(f)
  }
  return { content, both }
}
