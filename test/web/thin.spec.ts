// A viewer whose link carries little: what is said beside the picture is what comes, for an account and for a guest.
import type { Locator, Page } from '@playwright/test'
import { enter, expect, test } from './demo'
import { linkTo } from './link'

const wide = 20_000
const within = { timeout: 90_000 }

// linked gives a page a link of its own, of so many kbit/s towards it. The browser throttles what is connected after the
// first time it was asked to.
async function linked(page: Page): Promise<(kbits: number, packets?: number) => Promise<void>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  const carry = async (kbits: number, packets = 30): Promise<void> => {
    await session.send('Network.emulateNetworkConditions', {
      offline: false, latency: 0, downloadThroughput: (kbits * 1000) / 8, uploadThroughput: -1, packetLoss: 0, packetQueueLength: packets,
    })
  }
  await carry(wide)
  return carry
}

const width = (of: Locator): Promise<number> => of.locator('video').evaluate((v) => (v as HTMLVideoElement).videoWidth)
const frames = async (of: Locator): Promise<number> => Number(await of.getAttribute('data-frames'))

async function moves(of: Locator): Promise<void> {
  const before = await frames(of)
  await expect.poll(() => frames(of), within).toBeGreaterThan(before + 20)
}

test('on a thin link the tile says that it shows the sub stream, and the main stream comes back', async ({ page, demo }) => {
  test.setTimeout(300_000)
  const carry = await linked(page)
  await enter(page, demo, demo.duty, '/video')
  await page.locator('[data-testid=camera-row][data-camera=rd-cam-1]').click()
  const tile = page.locator('[data-testid=scene][data-stream=rd-cam-1]')
  const badge = tile.getByTestId('scene-layer')
  await expect(tile).toHaveAttribute('data-phase', 'live', within)
  await expect.poll(() => width(tile), within).toBe(960)
  await expect(badge).toBeHidden()

  await carry(400)
  await expect(badge).toHaveAttribute('data-layer', 'sub', within)
  await expect(badge).toHaveText('辅码流 – 链路差')
  await expect.poll(() => width(tile), within).toBe(480)
  await expect(tile).toHaveAttribute('data-phase', 'live')
  await moves(tile)
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/thin-tile.png` })
  // What nobody needs leaves the 4G link.
  await expect.poll(() => demo.watching('rd-cam-1'), within).toBe(0)
  await expect.poll(() => demo.watching('rd-cam-1-sub'), within).toBe(1)

  await carry(wide)
  await expect.poll(() => width(tile), within).toBe(960)
  await expect(badge).toBeHidden()
  await moves(tile)
  await expect.poll(() => demo.watching('rd-cam-1-sub'), within).toBe(0)
})

test('who watches by a link is told what it carries, and a pause is no fault', async ({ page, demo, browser }) => {
  test.setTimeout(300_000)
  const guest = await (await browser.newContext({ locale: 'zh-CN' })).newPage()
  const carry = await linked(guest)
  await guest.goto(await linkTo(page, demo, '洋口外闸（演示）'))
  const picture = guest.getByTestId('watch')
  const badge = guest.getByTestId('watch-layer')
  await expect(picture).toHaveAttribute('data-phase', 'live', within)
  await expect.poll(() => width(picture), within).toBe(960)
  await expect(badge).toBeHidden()
  const begun = await picture.getAttribute('data-session')
  expect(begun).not.toBe('')

  await carry(400)
  await expect(badge).toHaveAttribute('data-layer', 'sub', within)
  await expect(badge).toHaveText('辅码流 – 链路差')
  await expect.poll(() => width(picture), within).toBe(480)
  await expect(picture).toHaveAttribute('data-session', begun ?? '')
  if (process.env.SHOTS) await guest.screenshot({ path: `${process.env.SHOTS}/thin-guest.png` })

  await expect.poll(() => demo.watching('rd-cam-1'), within).toBe(0)

  // The sub stream changes in the middle into one of which not even the key frames get through.
  await demo.show('rd-cam-1-sub', 'harbour.h264')
  await carry(80, 5) // key frames take 120; on less the browser's own checks of the connection are lost now and then
  await expect(badge).toHaveAttribute('data-layer', 'pause', within)
  await expect(guest.getByText('链路太差，画面暂停在')).toBeVisible(within)
  if (process.env.SHOTS) await guest.screenshot({ path: `${process.env.SHOTS}/thin-guest-pause.png` })
  // It stands for longer than a picture that has broken is waited for, in one and the same session. What the link lost
  // until it was quiet may have cost the one before.
  const session = await picture.getAttribute('data-session')
  expect(session).not.toBe('')
  const since = Date.now()
  await expect.poll(() => Date.now() - since, within).toBeGreaterThan(25_000)
  await expect(picture).toHaveAttribute('data-session', session ?? '')
  await demo.show('rd-cam-1-sub', 'sluice-small.h264')
  await carry(wide)
  await expect(badge).toBeHidden({ timeout: 120_000 })
  await expect.poll(() => width(picture), within).toBe(960)
  await moves(picture)
  await expect(picture).toHaveAttribute('data-session', session ?? '')
  await guest.context().close()
})

test('a camera that changes its resolution goes on in the tile, as main and as sub stream', async ({ page, demo }) => {
  test.setTimeout(300_000)
  await enter(page, demo, demo.duty, '/video')
  await page.locator('[data-testid=camera-row][data-camera=rd-cam-1]').click()
  const tile = page.locator('[data-testid=scene][data-stream=rd-cam-1]')
  const layers = tile.getByTestId('scene-layers')
  const shows = async (pixels: number): Promise<void> => {
    await expect.poll(() => width(tile), within).toBe(pixels)
    await moves(tile)
    await expect(tile).toHaveAttribute('data-phase', 'live')
  }
  await shows(960)
  await demo.show('rd-cam-1', 'harbour-small.h264')
  await shows(480)
  await demo.show('rd-cam-1', 'sluice.h264')
  await shows(960)
  await layers.selectOption('sub')
  await shows(480)
  await demo.show('rd-cam-1-sub', 'harbour.h264')
  await shows(960)
  await demo.show('rd-cam-1-sub', 'sluice-small.h264')
  await shows(480)
  await layers.selectOption('auto')
  await shows(960)
})
