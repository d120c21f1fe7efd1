// A network that lets no picture through: it comes by the relay of the centre, for an account and for a guest.
import type { Browser, Page } from '@playwright/test'
import { expect, login, test } from './demo'
import { linkTo } from './link'

// walled opens a page whose browser reaches nothing but relays.
async function walled(browser: Browser): Promise<Page> {
  const page = await (await browser.newContext({ locale: 'zh-CN' })).newPage()
  await page.addInitScript(() => {
    const peers: RTCPeerConnection[] = []
    Object.assign(globalThis, { peers })
    const Plain = RTCPeerConnection
    globalThis.RTCPeerConnection = class extends Plain {
      constructor(o?: RTCConfiguration) {
        super({ ...o, iceTransportPolicy: 'relay' })
        peers.push(this)
      }
    }
  })
  return page
}

// way is the kind of this side's end of the path that is used.
const way = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    for (const peer of (globalThis as unknown as { peers: RTCPeerConnection[] }).peers) {
      const all = new Map<string, { type: string; nominated?: boolean; bytesReceived?: number; localCandidateId?: string; candidateType?: string }>()
      ;(await peer.getStats()).forEach((s, id) => all.set(id, s))
      for (const s of all.values()) if (s.type === 'candidate-pair' && s.nominated && (s.bytesReceived ?? 0) > 10_000) return all.get(s.localCandidateId ?? '')?.candidateType ?? ''
    }
    return ''
  })

test('behind a wall the picture comes by the relay, for an account and for a guest', async ({ page, demo, browser }) => {
  const duty = await walled(browser)
  await login(duty, demo, demo.duty)
  await duty.getByRole('navigation').getByRole('link', { name: /视频/ }).click()
  await duty.locator('[data-testid=camera-row][data-camera=rd-cam-1]').click()
  const tile = duty.locator('[data-testid=scene][data-stream=rd-cam-1]')
  await expect.poll(async () => Number(await tile.getAttribute('data-frames')), { timeout: 60_000 }).toBeGreaterThan(20)
  expect(await way(duty)).toBe('relay')

  const guest = await walled(browser)
  await guest.goto(await linkTo(page, demo, '洋口外闸（演示）'))
  await expect.poll(async () => Number(await guest.getByTestId('watch').getAttribute('data-frames')), { timeout: 60_000 }).toBeGreaterThan(20)
  expect(await way(guest)).toBe('relay')
})
