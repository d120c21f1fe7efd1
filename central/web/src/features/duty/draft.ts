// The month as it is edited: columns and cells of the roster with what the editor has changed over them, undo
// and redo, and the faults that a change brings, found at once. No screen and no centre in it.
import { addDays } from './days'
import type { Person, Roster, Shift } from './types'

export interface Column {
  post: string
  postName: string
  postNameEN: string
  watch: number
  watchName: string
  head: number
  // first is true for the first head of a watch, which carries the heading.
  first: boolean
  // heads is how many columns the watch has.
  heads: number
}

export interface Change {
  key: string
  from: string
  to: string
}

export function cellKey(post: string, day: string, watch: number, head: number): string {
  return `${post}|${day}|${watch}|${head}`
}

export function keyOf(s: { post_id: string; day: string; watch: number; head: number }): string {
  return cellKey(s.post_id, s.day, s.watch, s.head)
}

// columnsOf are the columns of a span: a column for each head that any of its days has.
export function columnsOf(roster: Roster): Column[] {
  const out: Column[] = []
  for (const post of roster.posts ?? []) {
    const mine = (roster.shifts ?? []).filter((s) => s.post_id === post.id)
    const watches = [...new Set(mine.map((s) => s.watch))].sort((a, b) => a - b)
    for (const watch of watches) {
      const here = mine.filter((s) => s.watch === watch)
      const heads = Math.max(...here.map((s) => s.head)) + 1
      for (let head = 0; head < heads; head++) {
        out.push({ post: post.id, postName: post.name, postNameEN: post.name_en, watch, watchName: here[0]?.watch_name ?? '', head, first: head === 0, heads })
      }
    }
  }
  return out
}

export class Draft {
  readonly cells = new Map<string, Shift>()
  private changed = new Map<string, string>()
  private past: Change[][] = []
  private undone: Change[][] = []

  constructor(roster: Roster) {
    for (const s of roster.shifts ?? []) this.cells.set(keyOf(s), s)
  }

  person(key: string): string {
    return this.changed.get(key) ?? this.cells.get(key)?.person_id ?? ''
  }
  isChanged(key: string): boolean {
    return this.changed.has(key)
  }
  get size(): number {
    return this.changed.size
  }
  get canUndo(): boolean {
    return this.past.length > 0
  }
  get canRedo(): boolean {
    return this.undone.length > 0
  }

  // locked cells have begun, or are none of the roster.
  locked(key: string, now: number): boolean {
    const cell = this.cells.get(key)
    return !cell || Date.parse(cell.starts_at) <= now
  }

  // set puts people into cells as one step that undo takes back.
  set(wanted: { key: string; to: string }[], now: number): number {
    const step = wanted.filter(({ key, to }) => !this.locked(key, now) && this.person(key) !== to).map(({ key, to }) => ({ key, from: this.person(key), to }))
    if (step.length) {
      this.past.push(step)
      this.undone = []
      for (const c of step) this.write(c.key, c.to)
    }
    return step.length
  }

  private write(key: string, person: string): void {
    if ((this.cells.get(key)?.person_id ?? '') === person) this.changed.delete(key)
    else this.changed.set(key, person)
  }

  undo(): void {
    const step = this.past.pop()
    if (!step) return
    for (const c of step) this.write(c.key, c.from)
    this.undone.push(step)
  }
  redo(): void {
    const step = this.undone.pop()
    if (!step) return
    for (const c of step) this.write(c.key, c.to)
    this.past.push(step)
  }

  // edits are what the centre is to write, with who stood there.
  edits(): { cell: { post_id: string; day: string; watch: number; head: number }; person_id: string; was: string }[] {
    return [...this.changed].map(([key, person]) => {
      const s = this.cells.get(key)!
      return { cell: { post_id: s.post_id, day: s.day, watch: s.watch, head: s.head }, person_id: person, was: s.person_id }
    })
  }

  // shiftsOf counts the cells that each person has.
  shiftsOf(): Map<string, number> {
    const out = new Map<string, number>()
    for (const key of this.cells.keys()) {
      const person = this.person(key)
      if (person) out.set(person, (out.get(person) ?? 0) + 1)
    }
    return out
  }

  // faults are those of the cells as they are edited: the key of the sentence for each cell that has one.
  faults(people: ReadonlyMap<string, Person>, now: number): Map<string, string> {
    const out = new Map<string, string>()
    const byPerson = new Map<string, Shift[]>()
    for (const [key, s] of this.cells) {
      if (Date.parse(s.ends_at) <= now) continue
      const id = this.person(key)
      const who = people.get(id)
      if (!id) {
        if (s.required) out.set(key, 'gap')
        continue
      }
      if (!who?.active) out.set(key, 'inactive')
      else if (!who.verified) out.set(key, 'unverified')
      byPerson.set(id, [...(byPerson.get(id) ?? []), s])
    }
    for (const list of byPerson.values()) {
      list.sort((a, b) => a.starts_at.localeCompare(b.starts_at))
      for (let i = 1; i < list.length; i++) {
        if (list.slice(0, i).some((s) => Date.parse(s.ends_at) > Date.parse(list[i]!.starts_at))) out.set(keyOf(list[i]!), 'double')
      }
    }
    return out
  }
}

// unsaved are the faults that the changes bring, before anybody has saved them.
export function unsaved(roster: Roster, draft: Draft, people: ReadonlyMap<string, Person>, now: number): [string, string][] {
  if (!draft.size) return []
  const saved = new Draft(roster).faults(people, now)
  return [...draft.faults(people, now)].filter(([key, fault]) => saved.get(key) !== fault)
}

// filled gives people in turn to the cells of a column from one day on, those that are locked or not asked
// for left out.
export function filled(draft: Draft, column: Column, days: readonly string[], from: string, people: readonly string[], now: number): { key: string; to: string }[] {
  if (!people.length) return []
  const keys = days.filter((d) => d >= from).map((d) => cellKey(column.post, d, column.watch, column.head)).filter((k) => !draft.locked(k, now) && draft.cells.get(k)?.required)
  return keys.map((key, i) => ({ key, to: people[i % people.length]! }))
}

// weekCopied gives the week of a day to the week after it.
export function weekCopied(draft: Draft, columns: readonly Column[], day: string): { key: string; to: string }[] {
  const out: { key: string; to: string }[] = []
  for (let i = 0; i < 7; i++) {
    for (const c of columns) {
      const key = cellKey(c.post, addDays(day, i), c.watch, c.head)
      const next = cellKey(c.post, addDays(day, i + 7), c.watch, c.head)
      if (draft.cells.has(key) && draft.cells.has(next)) out.push({ key: next, to: draft.person(key) })
    }
  }
  return out
}

// Offer is somebody for a cell, with where they serve on that day already.
export interface Offer {
  person: Person
  busy?: Shift
}

// offered are the people for a cell whose name or title has the typed text: those who serve in a post of the same tier, and
// those who serve nowhere; who serves on the day already comes last. Who serves only in posts of other tiers, a leader in a
// cell of officers for instance, is offered once the whole name is typed.
export function offered(roster: Roster, draft: Draft, people: ReadonlyMap<string, Person>, key: string, typed: string): Offer[] {
  const tierOf = new Map((roster.posts ?? []).map((p) => [p.id, p.tier]))
  const cell = draft.cells.get(key)
  const tiers = new Map<string, Set<string>>()
  const busy = new Map<string, Shift>()
  for (const [k, s] of draft.cells) {
    const id = draft.person(k)
    const tier = tierOf.get(s.post_id)
    if (!id || k === key) continue
    if (tier) tiers.set(id, (tiers.get(id) ?? new Set()).add(tier))
    if (s.day === cell?.day) busy.set(id, s)
  }
  const tier = tierOf.get(cell?.post_id ?? '')
  const fit = (p: Person): boolean => {
    const known = tiers.get(p.id)
    return !known || !tier || known.has(tier) || p.name === typed.trim()
  }
  const list = found([...people.values()], typed).filter(fit)
  const offer = (p: Person): Offer => ({ person: p, ...(busy.has(p.id) && { busy: busy.get(p.id)! }) })
  return [...list.filter((p) => !busy.has(p.id)), ...list.filter((p) => busy.has(p.id))].map(offer)
}

// found are the people whose name or post has the typed text, those whose name begins with it first.
export function found(people: readonly Person[], typed: string): Person[] {
  const text = typed.trim()
  return people.filter((p) => p.active && (p.name.includes(text) || p.title.includes(text))).sort((a, b) => Number(b.name.startsWith(text)) - Number(a.name.startsWith(text)))
}
