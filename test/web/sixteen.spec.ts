// A duty officer before the wall: sixteen scenes by one connection, a tour that turns the pages, one scene made large, sent
// to a second screen and turned by its head.
import { enter, expect, test, type Demo } from './demo'
import { connections, count, live, moves, sixteen, standing, tile, within } from './wall'
import type { Page } from '@playwright/test'

test('sixteen scenes are on the wall by one connection, in full screen too, and the tour turns its pages by itself', async ({ page, demo }) => {
  test.setTimeout(400_000)
  await count(page)
  await enter(page, demo, demo.duty, '/video')
  await page.getByTestId('grid-16').click()
  for (const camera of sixteen) await page.locator(`[data-testid=camera-row][data-camera=${camera}]`).click()
  await live(page, ...sixteen)
  expect(await connections(page)).toEqual([16])
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/sixteen.png` })

  const whole = () => page.evaluate(() => {
    const of = document.fullscreenElement
    return of ? of.querySelectorAll('[data-testid=scene]').length : 0
  })
  await page.getByRole('toolbar').getByRole('button', { name: '全屏' }).click()
  await expect.poll(whole).toBe(16)
  await moves(page, sixteen)
  await page.keyboard.press('f')
  await expect.poll(whole).toBe(0)
  await moves(page, sixteen)

  await page.getByTestId('grid-9').click()
  await page.getByTestId('wall-save').click()
  await page.getByTestId('wall-title').fill('十六处现场轮巡')
  await page.getByRole('dialog').getByRole('combobox').selectOption('10')
  await page.getByTestId('wall-keep').click()
  await expect(page.getByTestId('tour')).toHaveAttribute('aria-pressed', 'true')
  // Nobody touches anything from here on until both pages were seen moving.
  const seen = async (cameras: string[]) => [await page.getByTestId('wall-page').textContent(), ...(await standing(page, cameras))]
  await expect.poll(() => seen(sixteen.slice(9)), within).toEqual(['2 / 2'])
  await expect.poll(() => seen(sixteen.slice(0, 9)), within).toEqual(['1 / 2'])
  expect(await connections(page)).toHaveLength(1)
  await page.getByTestId('tour').click()
  await expect(page.getByTestId('tour')).toHaveAttribute('aria-pressed', 'false')
  await page.getByTestId('wall-save').click()
  await page.getByTestId('wall-remove').click()
  await expect(page.getByText('已删除“十六处现场轮巡”')).toBeVisible()
})

// large has a wall of one large and seven small pictures playing, rd-cam-1 being the third, and tells how to remove it.
async function large(page: Page, demo: Demo): Promise<() => Promise<void>> {
  await enter(page, demo, demo.duty, '/video')
  const cameras = ['qd-cam-1', 'rd-cam-2', 'rd-cam-1', 'rd-cam-3', 'rd-cam-4', 'rd-cam-5', 'qd-cam-2', 'qd-cam-3']
  const kept = await page.request.post(`${demo.url}/api/v1/walls`, { data: { title: '洋口外闸处置', size: 8, cameras, tour: 0 }, headers: { Origin: demo.url } })
  expect(kept.ok(), await kept.text()).toBe(true)
  const { id, version } = (await kept.json()) as { id: string; version: number }
  await page.reload()
  await page.getByTestId('walls').selectOption({ label: '洋口外闸处置' })
  await live(page, ...cameras)
  return async () => {
    const gone = await page.request.delete(`${demo.url}/api/v1/walls/${id}?version=${version}`, { headers: { Origin: demo.url } })
    expect(gone.ok(), await gone.text()).toBe(true)
  }
}

const width = (page: Page, camera: string): Promise<number> => tile(page, camera).locator('video').evaluate((v) => (v as HTMLVideoElement).videoWidth)

test('a scene is dragged to the large place and to the second screen, and its head is turned from there', async ({ page, demo }) => {
  test.setTimeout(400_000)
  const remove = await large(page, demo)
  const slots = page.getByTestId('slot')
  await slots.nth(2).dragTo(slots.nth(0))
  await expect(slots.nth(0).locator('[data-stream=rd-cam-1]')).toBeVisible()
  await expect(slots.nth(2).locator('[data-stream=qd-cam-1]')).toBeVisible()
  await live(page, 'rd-cam-1', 'qd-cam-1')
  // What is large is the main stream.
  await expect.poll(() => width(page, 'rd-cam-1'), within).toBe(960)

  const screen = page.getByTestId('second-screen')
  const [second] = await Promise.all([page.waitForEvent('popup'), slots.nth(0).dragTo(screen)])
  await second.waitForURL('**/screen')
  await live(second, 'rd-cam-1')
  await second.evaluate(() => Object.assign(globalThis, { stays: true }))
  await slots.nth(1).dragTo(screen)
  await live(second, 'rd-cam-2')
  // Another picture comes in the window that stands there: it is not loaded anew, which would show nothing for a while.
  expect(await second.evaluate(() => 'stays' in globalThis)).toBe(true)
  await second.close()

  const scene = tile(page, 'rd-cam-1')
  await scene.hover()
  await scene.getByTestId('scene-steer').click()
  const before = await demo.head('rd-dome-1')
  await scene.getByTestId('steer-right').hover()
  await page.mouse.down()
  await expect.poll(async () => (await demo.head('rd-dome-1')).Pan, within).toBeGreaterThan(before.Pan + 3)
  await page.mouse.up()
  await expect.poll(async () => (await demo.head('rd-dome-1')).moving, within).toBe(false)

  // Each of the two presets has a picture of its own size.
  for (const [name, pan, pixels] of [['下游水尺', -40, 640], ['外闸全景', 0, 960]] as const) {
    await scene.getByTestId('steer-presets').selectOption({ label: name })
    await expect.poll(() => demo.head('rd-dome-1'), within).toMatchObject({ Pan: pan, moving: false })
    await expect(scene.getByTestId('steer-said')).toHaveText(`已到预置位 ${name}`, within)
    await expect.poll(() => width(page, 'rd-cam-1'), within).toBe(pixels)
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/steer-${pixels}.png` })
  }
  await scene.getByTestId('steer-close').click()
  await expect(scene.getByTestId('steer-pad')).toBeHidden()
  await remove()
})
