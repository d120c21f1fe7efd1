// What the phone has to send: it is kept first and sent in order when there is a link, by one page at a time.
import { useEventListener } from '@vueuse/core'
import { computed, onMounted, onScopeDispose, ref, shallowRef } from 'vue'
import { useEar } from './ear'
import { sendAll, type Seen, type Telling } from './flush'
import { askLater } from './install'
import { pause, tooMany } from './judge'
import { useOrders } from './orders'
import { kept, newKey, sumOf, type Item, type Picture, type Spot } from './kept'
import { drawn } from './photo'
import type { Page } from './sender'
import type { Pass } from './whip'
import { ApiError } from '@/api/errors'

const everyMs = 20_000
// While the centre is listened to, it says by itself when something is new.
const calmMs = 5 * 60_000
const shownSent = 30

export type Draft = Pick<Item, 'kind' | 'text' | 'task' | 'title' | 'step' | 'order' | 'lon' | 'lat' | 'accuracy'>

export function useOutbox(pass: Pass, cost: (bytes: number) => void) {
  const items = shallowRef<Item[]>([])
  const page = shallowRef<Page>()
  const failure = shallowRef<unknown>() // of the last attempt
  const hold = shallowRef<unknown>() // why a person has to do something
  const reached = ref(false) // the centre answered last time
  const seenAt = ref(0) // when the page is from
  const spots = ref(0)
  const room = ref<{ persisted: boolean; free: number }>() // of the browser's store
  const trouble = shallowRef<unknown>() // the store itself does not work
  let tries = 0
  let busy = false
  let again: ReturnType<typeof setTimeout> | undefined

  // That a message came and was shown says the phone by itself; people wait for what they have said.
  const waiting = computed(() => items.value.filter((i) => i.state === 'waiting' && (i.kind !== 'order' || i.step === 'confirmed' || i.step === 'refused')))
  const orders = useOrders(pass, (draft) => keep(draft, []))

  async function look(): Promise<void> {
    const list = await kept.items(pass.stream)
    const sent = list.filter((i) => i.state === 'sent')
    for (const old of sent.slice(0, -shownSent)) await kept.drop(old)
    items.value = [...list.filter((i) => i.state !== 'sent'), ...sent.slice(-shownSent)].sort((a, b) => (b.seq ?? 0) - (a.seq ?? 0))
    spots.value = (await kept.spots(pass.stream)).length
  }

  // add keeps something; from here on it is not lost, whatever becomes of page, phone or link.
  async function add(draft: Draft, files: readonly Blob[]): Promise<void> {
    const pictures: Picture[] = []
    for (const file of files) {
      const blob = await drawn(file)
      pictures.push({ key: newKey(), stream: pass.stream, blob, sum: await sumOf(blob) })
    }
    await keep(draft, pictures)
  }

  async function keep(draft: Draft, pictures: Picture[]): Promise<void> {
    await kept.write({ ...draft, key: newKey(), stream: pass.stream, at: Date.now(), photos: pictures.map((p) => p.key), state: 'waiting' }, pictures)
    void askLater()
    await look()
    void send()
  }

  async function drop(item: Item): Promise<void> {
    await kept.drop(item)
    await look()
  }

  async function place(spot: Omit<Spot, 'stream'>): Promise<void> {
    await kept.addSpot({ ...spot, stream: pass.stream })
    const all = await kept.spots(pass.stream)
    await kept.dropSpots(tooMany(all))
    spots.value = all.length
    void send()
  }

  const telling: Telling = {
    cost,
    hold: (why) => (hold.value = why),
    async seen(told) {
      page.value = told.page
      seenAt.value = told.seenAt
      reached.value = true
      // Messages that do not come keep back nothing that goes.
      await orders.refresh(cost).catch((error: unknown) => (failure.value = error))
    },
    async sent() {
      tries = 0
      await look()
    },
  }

  // What is new comes by itself while the centre answers; when it does not, it is asked every now and then.
  const ear = useEar(pass, () => (reached.value ? page.value?.news : undefined), send, (times) => {
    clearTimeout(again)
    again = setTimeout(() => void send(), times > 1 ? everyMs : 1000)
  })

  async function send(): Promise<void> {
    if (busy || pass.token === '') return
    busy = true
    clearTimeout(again)
    try {
      await sendAll(pass, telling)
      failure.value = undefined
      tries = 0
    } catch (error) {
      failure.value = error
      const status = error instanceof ApiError ? error.status : 0
      if (status === 401 || status === 403) hold.value = error
      reached.value = status !== 0
      tries++
    }
    busy = false
    if (tries > 0 && (waiting.value.length || spots.value)) void askLater()
    await look().catch((error: unknown) => (trouble.value = error))
    if (tries === 0) ear.begin()
    clearTimeout(again)
    again = setTimeout(() => void send(), tries > 0 ? pause(tries - 1, Math.random()) : ear.hears() ? calmMs : everyMs)
  }

  async function begin(): Promise<void> {
    try {
      const last = await kept.get<Seen>(`page.${pass.stream}`)
      if (last) {
        page.value = last.page
        seenAt.value = last.seenAt
      }
      await orders.load()
      await look()
      const persisted = (await navigator.storage?.persist?.()) ?? false
      const { quota = 0, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {}
      room.value = { persisted, free: quota - usage }
    } catch (error) {
      trouble.value = error
    }
    await send()
  }

  onMounted(begin)
  useEventListener(globalThis, 'online', () => {
    tries = 0
    void send()
  })
  useEventListener(document, 'visibilitychange', () => document.visibilityState === 'visible' && void send())
  onScopeDispose(() => {
    clearTimeout(again)
    ear.stop()
  })

  return { items, waiting, orders, page, failure, hold, reached, seenAt, spots, room, trouble, add, drop, place, send }
}
