// The map as the duty officer reads it: every value belongs to its sign and says whose it is.
import type { Page } from '@playwright/test'
import { expect, login, test } from './demo'
import { watch } from './video'

interface Box {
  x: number
  y: number
  width: number
  height: number
}

function overlap(a: Box, b: Box): boolean {
  return a.x + a.width > b.x + 1 && b.x + b.width > a.x + 1 && a.y + a.height > b.y + 1 && b.y + b.height > a.y + 1
}

// readable checks the lines of two sensors in alarm at one place: each with its own name and value, none
// over another, and both in one label.
async function readable(page: Page): Promise<void> {
  const line = (device: string) => page.locator(`[data-testid=map-callout-line][data-device=${device}]:visible`)
  await expect(line('rd-level-1')).toContainText('洋口外闸潮位')
  await expect(line('rd-level-1')).toContainText('5.37 m')
  await expect(line('rd-level-1')).toContainText('黄')
  await expect(line('rd-gas-1')).toContainText('洋口泵房甲烷')
  await expect(line('rd-gas-1')).toContainText('31.0 %LEL')
  await expect(line('rd-gas-1')).toContainText('橙')
  const shared = page.getByTestId('map-callout').filter({ has: line('rd-level-1') })
  await expect(shared.locator('[data-device=rd-gas-1]')).toBeVisible()

  // All at one moment, for labels come and go.
  const boxes = () => page.locator('[data-testid=map-callout-line]').evaluateAll((lines) =>
    lines.filter((l) => l.checkVisibility({ visibilityProperty: true })).map((l) => l.getBoundingClientRect().toJSON() as Box),
  )
  await expect(async () => {
    const all = await boxes()
    expect(all.length).toBeGreaterThan(1)
    for (const [i, a] of all.entries()) for (const b of all.slice(i + 1)) expect(overlap(a, b)).toBe(false)
  }).toPass({ timeout: 30_000 })
}

test('two sensors in alarm at one place are told apart, on the desk and on the map', async ({ page, demo }) => {
  await demo.hold('rd-level-1', { water_level: 5.37 })
  await demo.hold('rd-gas-1', { ch4_lel: 31 })
  await login(page, demo, demo.duty)
  await readable(page)
  await page.getByRole('navigation').getByRole('link', { name: /一张图/ }).click()
  await readable(page)
  await page.locator('[data-testid=map-callout-line][data-device=rd-gas-1]').click()
  await expect(page.getByTestId('map-detail')).toContainText('洋口泵房甲烷')
  // The desk is left as it was found: the next story begins with nothing to do.
  await demo.hold('rd-level-1', { water_level: 4.1 })
  await demo.hold('rd-gas-1', { ch4_lel: 1 })
  await page.getByRole('navigation').getByRole('link', { name: /值班台/ }).click()
  const need = page.getByRole('region', { name: '现在需要我' })
  for (const what of ['甲烷', '水位']) {
    await need.getByRole('listitem').filter({ hasText: what }).getByRole('button', { name: /^确认/ }).click()
    await page.getByRole('button', { name: /的名义确认/ }).click()
  }
  await expect(need.getByRole('button', { name: /^确认/ })).toHaveCount(0)
})

test('a click on a camera on the map plays at once', async ({ page, demo }) => {
  await login(page, demo, demo.duty)
  await page.getByRole('navigation').getByRole('link', { name: /一张图/ }).click()
  // From far away only what is grave is named where there is much: one looks at the harbour.
  await page.getByTestId('map-search').fill('32.05702 121.59811')
  await page.getByTestId('map-search').press('Enter')
  await page.locator('[data-testid=map-callout-line][data-device=qd-cam-1]').click()
  const video = page.getByTestId('map-detail').locator('[data-testid=scene][data-stream=qd-cam-1] video')
  await expect.poll(async () => (await watch(video, 500)).decoded, { timeout: 30_000 }).toBeGreaterThan(20)
  // The command car that carries it is on its way.
  const fix = page.getByTestId('map-detail').getByTestId('fix')
  await expect(fix).toHaveText(/终端位置.*航向 \d+°.*\d+ km\/h/s)
  await expect(fix.getByTestId('fix-way')).toBeVisible()
  await page.getByRole('button', { name: '关闭' }).click()
  await expect.poll(() => demo.watching('qd-cam-1'), { timeout: 30_000 }).toBe(0)
})

test('a computer that does not reach the video port is told so, and the terminal sends on between the tries', async ({ page, demo }) => {
  await page.addInitScript(() => {
    const take = RTCPeerConnection.prototype.setRemoteDescription as (answer: RTCSessionDescriptionInit) => Promise<void>
    RTCPeerConnection.prototype.setRemoteDescription = function (this: RTCPeerConnection, answer: RTCSessionDescriptionInit) {
      // Port 9 answers nothing.
      return take.call(this, { ...answer, sdp: answer.sdp?.replaceAll(/^(a=candidate:\S+ \d+ \S+ \d+ \S+) \d+/gm, '$1 9') })
    }
  })
  const answers: number[] = []
  page.on('response', (r) => r.request().method() === 'DELETE' && r.url().includes('/whep/') && answers.push(r.status()))
  await login(page, demo, demo.duty)
  await page.getByRole('navigation').getByRole('link', { name: /视频/ }).click()
  await page.locator('[data-testid=camera-row][data-camera=rd-cam-1]').click()
  const tile = page.locator('[data-testid=scene][data-stream=rd-cam-1]')
  await expect(tile).toContainText('本机连不上指挥中心的视频端口', { timeout: 20_000 })
  await expect.poll(() => demo.watching('rd-cam-1')).toBe(1)
  const seen = new Set<number>()
  await expect(async () => {
    seen.add(await demo.watching('rd-cam-1'))
    await expect(tile.getByTestId('scene-again')).toBeVisible({ timeout: 100 })
  }).toPass({ timeout: 60_000, intervals: [300] })
  expect([...seen]).toEqual([1])
  expect(answers.filter((status) => status >= 400)).toEqual([])
  await expect.poll(() => demo.watching('rd-cam-1'), { timeout: 45_000 }).toBe(0)
})
