// Messages of the command centre as this phone keeps them: with their pictures, also without a net; and what is still to
// be said of each. What was kept, shown and answered goes through the outbox like everything else.
import { shallowRef } from 'vue'
import { kept, type Item } from './kept'
import { readOrders, readPicture, type Order } from './sender'
import type { Pass } from './whip'

export interface Kept extends Order {
  picture?: Blob
  // seen says that it was on the screen; answer is what was pressed, before the centre knows.
  seen?: boolean
  answer?: 'confirmed' | 'refused'
}

export type Tell = (draft: Pick<Item, 'kind' | 'text' | 'order' | 'step'>) => Promise<void>

// asks reports whether a person still has to say something to it.
export const asks = (o: Kept, now: number): boolean => o.confirm && !o.answer && ['sent', 'delivered', 'shown'].includes(o.state) && Date.parse(o.until) > now

// joined are the messages as the centre says, with what this phone knows of each. One that the centre no longer lists is
// kept while somebody may still have to read it.
export function joined(mine: readonly Kept[], told: readonly Order[], now: number): Kept[] {
  const known = new Map(mine.map((o) => [o.id, o]))
  const list = told.map((o): Kept => ({ ...known.get(o.id), ...o }))
  const rest = mine.filter((o) => !told.some((x) => x.id === o.id) && Date.parse(o.until) > now)
  return [...list, ...rest].sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
}

export function useOrders(pass: Pass, tell: Tell) {
  const list = shallowRef<Kept[]>([])
  const room = `orders of ${pass.stream}`
  // fresh counts the messages that came while the page was open.
  const fresh = shallowRef(0)

  async function save(next: Kept[]): Promise<void> {
    await kept.set(room, next)
    list.value = next
  }
  async function load(): Promise<void> {
    list.value = (await kept.get<Kept[]>(room)) ?? []
  }
  // refresh fetches what is new. Only what is on this phone's disk, its picture too, is told as received.
  async function refresh(cost: (bytes: number) => void): Promise<void> {
    await load()
    const told = await readOrders(pass)
    const known = new Set(list.value.map((o) => o.id))
    const next = joined(list.value, told, Date.now())
    for (const o of next) {
      if (!o.picture && o.picture_bytes > 0 && o.state !== 'withdrawn' && told.some((x) => x.id === o.id)) {
        o.picture = await readPicture(pass, o.id)
        cost(o.picture.size)
      }
    }
    await save(next)
    const open = next.filter((o) => !known.has(o.id))
    for (const o of open) if (o.state === 'sent') await tell({ kind: 'order', text: '', order: o.id, step: 'delivered' })
    if (open.some((o) => o.state !== 'withdrawn' && Date.parse(o.until) > Date.now())) {
      fresh.value++
      navigator.vibrate?.([300, 150, 300])
    }
  }
  async function change(id: string, what: Partial<Kept>): Promise<void> {
    await save(list.value.map((o) => (o.id === id ? { ...o, ...what } : o)))
  }
  // shown says that messages stand on the screen.
  async function shown(): Promise<void> {
    for (const o of list.value.filter((x) => !x.seen)) {
      await change(o.id, { seen: true })
      if (['sent', 'delivered'].includes(o.state)) await tell({ kind: 'order', text: '', order: o.id, step: 'shown' })
    }
  }
  async function reply(o: Kept, word: 'confirmed' | 'refused', why = ''): Promise<void> {
    await change(o.id, { answer: word })
    await tell({ kind: 'order', text: why, order: o.id, step: word })
  }
  return { list, fresh, load, refresh, shown, reply }
}
