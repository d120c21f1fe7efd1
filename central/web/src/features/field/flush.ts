// One way to send what is kept, for the page and for its worker: whoever has the lock of the link sends, the other finds it done.
import { kept, type Item } from './kept'
import { readPage, sendItem, sendSpots, type Page } from './sender'
import type { Pass } from './whip'
import { ApiError } from '@/api/errors'

// Seen is the page as it was told last; offset is by how much the clock of this phone is ahead.
export interface Seen {
  page: Page
  seenAt: number
  offset: number
}

export interface Telling {
  seen: (s: Seen) => Promise<void>
  // sent says that one more item is done with; hold that a person has to do something, or no longer.
  sent: () => Promise<void>
  hold: (why: unknown) => void
  cost: (bytes: number) => void
}

export const waits = (i: Item): boolean => i.state === 'waiting'

async function look(pass: Pass): Promise<Seen> {
  const before = Date.now()
  const page = await readPage(pass)
  const seen = { page, seenAt: Date.now(), offset: Math.round((before + Date.now()) / 2 - Date.parse(page.at)) }
  await kept.set(`page.${pass.stream}`, seen)
  await kept.set('pass', pass)
  return seen
}

async function flush(pass: Pass, tell: Telling): Promise<void> {
  const seen = await look(pass)
  await tell.seen(seen)
  for (const item of (await kept.items(pass.stream)).filter(waits)) {
    const got = await sendItem(pass, item, tell.cost)
    if (got.verdict === 'wait') throw got.failure
    if (got.verdict === 'hold') {
      tell.hold(got.failure)
      break
    }
    tell.hold(undefined)
    const refused = got.verdict === 'refused' ? ((got.failure as ApiError).code || 'error') : got.refused
    // Of a message the list of messages tells it; nothing more is kept of it here.
    if (item.kind === 'order') await kept.drop(item)
    else await kept.change({ ...item, state: got.verdict === 'refused' ? 'refused' : 'sent', why: refused, late: got.late })
    await tell.sent()
  }
  const spots = await sendSpots(pass, seen.offset, tell.cost)
  if (spots.verdict === 'wait') throw spots.failure
}

// sendAll sends until all is there or something is in the way.
export async function sendAll(pass: Pass, tell: Telling): Promise<void> {
  const locks = navigator.locks as LockManager | undefined
  await (locks ? locks.request('fengsui.field.' + pass.stream, () => flush(pass, tell)) : flush(pass, tell))
}
