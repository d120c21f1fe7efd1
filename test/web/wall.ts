// The wall as somebody before it sees it: its tiles, whether their pictures move, and by how many connections they come.
import type { Locator, Page } from '@playwright/test'
import { expect } from './demo'

// Pictures are decoded in software here, on a machine that does other things too.
export const within = { timeout: 90_000 }

// sixteen are the cameras of the demonstration.
export const sixteen = [...Array.from({ length: 9 }, (_, i) => `rd-cam-${i + 1}`), ...Array.from({ length: 7 }, (_, i) => `qd-cam-${i + 1}`)]

export const tile = (page: Page, camera: string): Locator => page.locator(`[data-testid=scene][data-stream=${camera}]`)

// frames is how many pictures each tile has shown; of one that is not live, none.
export function frames(page: Page): Promise<Record<string, number>> {
  return page.evaluate(() =>
    Object.fromEntries([...document.querySelectorAll<HTMLElement>('[data-testid=scene]')].map((t) => [t.dataset.stream ?? '', t.dataset.phase === 'live' ? Number(t.dataset.frames) : 0])))
}

// standing are the cameras whose pictures are not on the page, or do not move yet.
export async function standing(page: Page, cameras: readonly string[]): Promise<string[]> {
  const shown = await frames(page)
  return cameras.filter((c) => (shown[c] ?? 0) <= 3)
}

// moves waits until each of the cameras has shown more than it has now.
export async function moves(page: Page, cameras: readonly string[]): Promise<void> {
  const before = await frames(page)
  await expect.poll(async () => {
    const now = await frames(page)
    return cameras.filter((c) => (now[c] ?? 0) <= (before[c] ?? 0) + 3)
  }, within).toEqual([])
}

export async function live(page: Page, ...cameras: string[]): Promise<void> {
  await expect.poll(() => standing(page, cameras), within).toEqual([])
}

// count keeps the connections that a page makes from now on.
export async function count(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const made: RTCPeerConnection[] = []
    Object.assign(globalThis, { made })
    const Plain = RTCPeerConnection
    globalThis.RTCPeerConnection = class extends Plain {
      constructor(o?: RTCConfiguration) {
        super(o)
        made.push(this)
      }
    }
  })
}

// connections are all that were made, each with how many pictures it has brought so far; one that is closed brings none.
export function connections(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const all = (globalThis as unknown as { made: RTCPeerConnection[] }).made
    const reports = await Promise.all(all.map((p) => (p.signalingState === 'closed' ? undefined : p.getStats())))
    return reports.map((report) => {
      let pictures = 0
      report?.forEach((s: { type: string; kind?: string; framesDecoded?: number }) => {
        if (s.type === 'inbound-rtp' && s.kind === 'video' && (s.framesDecoded ?? 0) > 0) pictures++
      })
      return pictures
    })
  })
}
