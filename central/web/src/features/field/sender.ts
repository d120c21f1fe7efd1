// Sends what is kept, in the order in which it was written: an item's pictures in parts, then the item.
import { dated, partBytes, sentAtOnce, verdict, type Verdict } from './judge'
import { kept, type Item, type Spot } from './kept'
import type { Pass } from './whip'
import { answer, api } from '@/api/client'
import { ApiError } from '@/api/errors'
import type { components } from '@/api/schema'

export type Page = components['schemas']['FieldPage']
export type Order = components['schemas']['CrewPhoneMessage']

// A link that is only slow is no broken one; the centre itself gives up after twenty seconds.
const patienceMs = 25_000

const header = (pass: Pass) => ({ 'Fengsui-Link': pass.token })
const soon = () => AbortSignal.timeout(patienceMs)

// Sent is what became of an attempt.
export interface Sent {
  verdict: Verdict
  failure?: unknown
}

function judged(failure: unknown): Sent {
  if (failure instanceof ApiError) return { verdict: verdict(failure.status, failure.code), failure }
  return { verdict: 'wait', failure } // the browser gave it up: no net, or too slow
}

export async function readPage(pass: Pass): Promise<Page> {
  return answer(api.GET('/field/{stream}', { params: { path: { stream: pass.stream }, header: header(pass) }, signal: soon() }))
}

export async function readLines(pass: Pass, task: string) {
  return (await answer(api.GET('/field/{stream}/tasks/{task}/lines', { params: { path: { stream: pass.stream, task }, header: header(pass) }, signal: soon() }))).items ?? []
}

// wanted asks whether the picture is wanted and waits until that is no longer as it was.
export async function wanted(pass: Pass, was: boolean, signal: AbortSignal): Promise<boolean> {
  return (await answer(api.GET('/field/{stream}/wanted', { params: { path: { stream: pass.stream }, query: { was }, header: header(pass) }, signal: AbortSignal.any([signal, soon()]) }))).wanted
}

export type Heard = components['schemas']['FieldHeard']

// The centre answers after three quarters of a minute at the latest.
const listenMs = 60_000

// listen waits until something is no longer as this phone knows it.
export async function listen(pass: Pass, known: Heard, signal: AbortSignal): Promise<Heard> {
  return answer(api.GET('/field/{stream}/wanted', { params: { path: { stream: pass.stream }, query: { was: known.wanted, news: known.news }, header: header(pass) }, signal: AbortSignal.any([signal, AbortSignal.timeout(listenMs)]) }))
}

export async function readOrders(pass: Pass): Promise<Order[]> {
  return (await answer(api.GET('/field/{stream}/messages', { params: { path: { stream: pass.stream }, header: header(pass) }, signal: soon() }))).items ?? []
}

export async function readPicture(pass: Pass, id: string): Promise<Blob> {
  return answer(api.GET('/field/{stream}/messages/{id}/picture', { params: { path: { stream: pass.stream, id }, header: header(pass) }, parseAs: 'blob', signal: soon() })) as unknown as Promise<Blob>
}

// sendReceipt says what became of a message.
async function sendReceipt(pass: Pass, item: Item): Promise<void> {
  const body = { state: item.step as 'confirmed', at: new Date(item.at).toISOString(), sent_at: new Date().toISOString(), ...(item.text ? { why: item.text } : {}) }
  await answer(api.PUT('/field/{stream}/messages/{id}/receipt', { params: { path: { stream: pass.stream, id: item.order ?? '' }, header: header(pass) }, body, signal: soon() }))
}

async function sendPicture(pass: Pass, key: string, cost: (bytes: number) => void): Promise<void> {
  const p = await kept.picture(key)
  if (!p) return // it is there already
  let at = 0
  for (let turns = 0; ; turns++) {
    const part = p.blob.slice(at, at + partBytes)
    const got = await answer(api.PUT('/field/{stream}/photos/{key}', {
      params: { path: { stream: pass.stream, key }, query: { at, size: p.blob.size, sum: p.sum }, header: header(pass) },
      body: part as never, bodySerializer: (b: unknown) => b as Blob, headers: { 'Content-Type': 'application/octet-stream' }, signal: soon(),
    }))
    cost(part.size)
    if (got.type) return
    at = got.have
    if (turns > 2 * Math.ceil(p.blob.size / partBytes) + 2) throw new ApiError(503) // it never becomes whole; later again
  }
}

// sendItem sends one item; what it says afterwards is for the caller to keep.
export async function sendItem(pass: Pass, item: Item, cost: (bytes: number) => void): Promise<Sent & { refused?: string; late?: boolean }> {
  try {
    if (item.kind === 'order') {
      await sendReceipt(pass, item)
      return { verdict: 'sent' }
    }
    for (const key of item.photos) await sendPicture(pass, key, cost)
    const body = {
      key: item.key, kind: item.kind, at: new Date(item.at).toISOString(), sent_at: new Date().toISOString(), text: item.text, photos: item.photos,
      ...(item.lon === undefined ? {} : { lon: item.lon, lat: item.lat, accuracy_m: item.accuracy }),
      ...(item.kind === 'task' ? { task_id: item.task, step: item.step as 'note' } : {}),
    }
    const got = await answer(api.POST('/field/{stream}/entries', { params: { path: { stream: pass.stream }, header: header(pass) }, body, signal: soon() }))
    cost(JSON.stringify(body).length)
    return { verdict: 'sent', refused: got.refused, late: got.retrospective }
  } catch (failure) {
    return judged(failure)
  }
}

// sendSpots sends places, the oldest first, and forgets them once they are there.
export async function sendSpots(pass: Pass, offset: number, cost: (bytes: number) => void): Promise<Sent> {
  for (;;) {
    const list = dated((await kept.spots(pass.stream)).slice(0, sentAtOnce), offset)
    if (list.length === 0) return { verdict: 'sent' }
    await kept.changeSpots(list)
    try {
      const body = { fixes: list.map(fixOf) }
      await answer(api.POST('/field/{stream}/positions', { params: { path: { stream: pass.stream }, header: header(pass) }, body, signal: soon() }))
      cost(JSON.stringify(body).length)
    } catch (failure) {
      const sent = judged(failure)
      if (sent.verdict !== 'refused') return sent
    }
    await kept.dropSpots(list)
  }
}

function fixOf(s: Spot) {
  return {
    at: new Date(s.fixed ?? s.at).toISOString(), lon: s.lon, lat: s.lat,
    ...(s.accuracy === undefined ? {} : { accuracy_m: s.accuracy }), ...(s.heading === undefined ? {} : { heading: s.heading }), ...(s.speed === undefined ? {} : { speed: s.speed }),
    ...(s.battery === undefined ? {} : { battery: s.battery }), ...(s.data === undefined ? {} : { data_mb: s.data }),
  }
}
