// What the phone keeps in its browser: what is not sent yet, its pictures and places, and the page as it was last seen.
// It outlives the page and the phone's being switched off.

export type State = 'waiting' | 'sent' | 'refused'

// Item is one thing that somebody wrote down.
export interface Item {
  seq?: number
  key: string
  stream: string
  kind: 'note' | 'task' | 'order' // of the last: what became of a message of the centre
  at: number // by this phone's clock
  text: string
  lon?: number
  lat?: number
  accuracy?: number
  photos: string[]
  task?: string
  title?: string // of the task
  step?: string
  order?: string // the message
  state: State
  why?: string // code of what the centre did not do
  late?: boolean // the centre took it as told after the event
}

export interface Picture {
  key: string
  stream: string
  blob: Blob
  sum: string
}

// Spot is where the phone was; fixed is the time by the clock of the centre, once that is known.
export interface Spot {
  seq?: number
  stream: string
  at: number
  fixed?: number
  lon: number
  lat: number
  accuracy?: number
  heading?: number
  speed?: number
  battery?: number
  data?: number
}

interface Rooms {
  items: Item
  pictures: Picture
  spots: Spot
  things: { key: string; value: unknown }
}
type Room = keyof Rooms

let opened: Promise<IDBDatabase> | undefined

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open('fengsui-field', 1)
    asked.onupgradeneeded = () => {
      const db = asked.result
      db.createObjectStore('items', { keyPath: 'seq', autoIncrement: true })
      db.createObjectStore('spots', { keyPath: 'seq', autoIncrement: true })
      db.createObjectStore('pictures', { keyPath: 'key' })
      db.createObjectStore('things', { keyPath: 'key' })
    }
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => {
      opened = undefined
      reject(asked.error ?? new Error('IndexedDB'))
    }
  })
  return opened
}

// done waits until a transaction is on the disk: only then may anything be called kept.
async function done<T>(rooms: Room[], mode: IDBTransactionMode, act: (tx: IDBTransaction) => IDBRequest<T> | undefined): Promise<T | undefined> {
  const db = await open()
  return new Promise((resolve, reject) => {
    const tx = db.transaction(rooms, mode, mode === 'readwrite' ? { durability: 'strict' } : undefined)
    const asked = act(tx)
    tx.oncomplete = () => resolve(asked?.result)
    tx.onabort = () => reject(tx.error ?? new DOMException('aborted', 'AbortError'))
    tx.onerror = () => reject(tx.error ?? new Error('IndexedDB'))
  })
}

async function all<R extends Room>(room: R): Promise<Rooms[R][]> {
  return (await done<Rooms[R][]>([room], 'readonly', (tx) => tx.objectStore(room).getAll())) ?? []
}

export const kept = {
  // write keeps an item with its pictures, whole or not at all.
  async write(item: Item, pictures: Picture[]): Promise<void> {
    await done(['items', 'pictures'], 'readwrite', (tx) => {
      for (const p of pictures) tx.objectStore('pictures').put(p)
      return tx.objectStore('items').add(item)
    })
  },
  async items(stream: string): Promise<Item[]> {
    return (await all('items')).filter((i) => i.stream === stream)
  },
  async change(item: Item): Promise<void> {
    await done(['items', 'pictures'], 'readwrite', (tx) => {
      if (item.state === 'sent') for (const key of item.photos) tx.objectStore('pictures').delete(key)
      return tx.objectStore('items').put(item)
    })
  },
  async drop(item: Item): Promise<void> {
    await done(['items', 'pictures'], 'readwrite', (tx) => {
      for (const key of item.photos) tx.objectStore('pictures').delete(key)
      tx.objectStore('items').delete(item.seq as number)
      return undefined
    })
  },
  picture: (key: string): Promise<Picture | undefined> => done<Picture | undefined>(['pictures'], 'readonly', (tx) => tx.objectStore('pictures').get(key)),

  async spots(stream: string): Promise<Spot[]> {
    return (await all('spots')).filter((s) => s.stream === stream)
  },
  async addSpot(spot: Spot): Promise<void> {
    await done(['spots'], 'readwrite', (tx) => tx.objectStore('spots').add(spot))
  },
  async changeSpots(list: readonly Spot[]): Promise<void> {
    await done(['spots'], 'readwrite', (tx) => {
      for (const s of list) tx.objectStore('spots').put(s)
      return undefined
    })
  },
  async dropSpots(list: readonly Spot[]): Promise<void> {
    await done(['spots'], 'readwrite', (tx) => {
      for (const s of list) tx.objectStore('spots').delete(s.seq as number)
      return undefined
    })
  },

  async get<T>(key: string): Promise<T | undefined> {
    return (await done<Rooms['things'] | undefined>(['things'], 'readonly', (tx) => tx.objectStore('things').get(key)))?.value as T | undefined
  },
  async set(key: string, value: unknown): Promise<void> {
    await done(['things'], 'readwrite', (tx) => tx.objectStore('things').put({ key, value }))
  },
}

// newKey names something that is sent; it is never used again.
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('')
}

export async function sumOf(blob: Blob): Promise<string> {
  const sum = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer())
  return [...new Uint8Array(sum)].map((b) => b.toString(16).padStart(2, '0')).join('')
}
