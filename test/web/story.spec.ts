// The first story of the city desk, as the duty officer lives it.
import { beeps, expect, listen, login, picture, test } from './demo'
import { watch } from './video'

const name = '陈值班'

test('the tide raises an alarm that sounds, stands in the list and on the map, and is acknowledged by name', async ({ page, demo }) => {
  await demo.hold('rd-level-1', { water_level: 4.1 })
  await listen(page)
  await login(page, demo, demo.duty)
  const need = page.getByRole('region', { name: '现在需要我' })
  // Other stories' alarms may still want a signature; this one's is the tide.
  const row = need.getByRole('listitem').filter({ hasText: '水位超警戒' })
  await expect(row.getByRole('button', { name: /^确认/ })).toHaveCount(0)
  await expect(page.getByText('演示数据').first()).toBeVisible()
  await expect(page.getByRole('button', { name: '声音 开' })).toBeVisible()
  const before = await beeps(page)

  await demo.hold('rd-level-1', { water_level: 5.37 })
  await expect(row).toBeVisible()
  await expect(row).toContainText('待确认')
  await expect(page.getByRole('navigation').getByLabel(/条告警未结束/)).toBeVisible()
  await expect.poll(() => beeps(page)).toBeGreaterThan(before)
  await picture(page, 'desk')

  await page.getByRole('navigation').getByRole('link', { name: /一张图/ }).click()
  await expect(page.getByRole('button', { name: '洋口外闸潮位（演示）：黄色，未确认', exact: true })).toBeVisible()
  await picture(page, 'map')
  await page.getByRole('navigation').getByRole('link', { name: /值班台/ }).click()

  await row.getByRole('button', { name: /^确认/ }).click()
  await page.getByLabel('备注').fill('已通知洋口闸管所')
  await page.getByRole('button', { name: `以 ${name} 的名义确认` }).click()
  await expect(row).toContainText(`${name}`)
  await expect(row).toContainText('已通知洋口闸管所')

  await demo.hold('rd-level-1', { water_level: 4.3 })
  await expect(row.getByRole('button', { name: /^确认/ })).toHaveCount(0)
})

test('a click on a camera brings live video, another ends it and the terminal stops sending', async ({ page, demo }) => {
  await login(page, demo, demo.duty)
  await page.getByRole('navigation').getByRole('link', { name: /视频/ }).click()
  const tile = page.locator('[data-testid=scene][data-stream=rd-cam-1]')
  await page.locator('[data-testid=camera-row][data-camera=rd-cam-1]').click()
  const video = tile.locator('video')
  // Twenty pictures a second are decoded; how many of them a machine without a graphics card presents varies.
  await expect.poll(async () => (await watch(video, 500)).decoded, { timeout: 30_000 }).toBeGreaterThan(60)
  const shown = await watch(video, 3000)
  expect(shown.frames).toBeGreaterThan(10)
  expect([shown.width, shown.height]).toEqual([960, 540])
  expect(shown.bright).toBeGreaterThan(30)
  expect(shown.spread).toBeGreaterThan(80)
  expect(shown.moved).toBeGreaterThan(0)
  expect(await demo.watching('rd-cam-1')).toBe(1)

  const other = page.locator('[data-testid=scene][data-stream=qd-cam-1]')
  await page.locator('[data-testid=camera-row][data-camera=qd-cam-1]').click()
  await expect.poll(async () => (await watch(other.locator('video'), 500)).decoded, { timeout: 30_000 }).toBeGreaterThan(20)
  await picture(page, 'video')

  await tile.hover()
  await tile.getByTestId('scene-stop').click()
  await expect.poll(() => demo.watching('rd-cam-1'), { timeout: 30_000 }).toBe(0)
  await page.getByRole('navigation').getByRole('link', { name: /值班台/ }).click()
  await expect.poll(() => demo.watching('qd-cam-1'), { timeout: 30_000 }).toBe(0)
})

test('kill -9 of any program: values and pictures are back within ten seconds of it, on the pages that stand open', async ({ page, demo }) => {
  await demo.hold('rd-level-1', { water_level: 4.1 })
  await login(page, demo, demo.duty)
  const readings = await page.context().newPage()
  await readings.goto(`${demo.url}/monitor`)
  await readings.getByRole('button', { name: '读数' }).click()
  await page.getByRole('navigation').getByRole('link', { name: /视频/ }).click()
  const videos = ['rd-cam-1', 'qd-cam-1'].map((camera) => page.locator(`[data-testid=scene][data-stream=${camera}] video`))
  // plays: pictures are decoded while one looks. A poll may find the tile without its video.
  const plays = async (video: (typeof videos)[number]): Promise<boolean> => {
    if ((await video.count()) === 0) return false
    const before = (await watch(video, 0)).decoded
    return (await watch(video, 400)).decoded > before
  }
  for (const camera of ['rd-cam-1', 'qd-cam-1']) await page.locator(`[data-testid=camera-row][data-camera=${camera}]`).click()
  for (const video of videos) await expect.poll(() => plays(video)).toBe(true)

  for (const program of ['sim', 'edge-rudong', 'edge-qidong', 'central']) {
    const pid = await demo.pid(program)
    const value = 3 + Math.round(Math.random() * 100) / 100
    process.kill(pid, 'SIGKILL')
    const deadline = Date.now() + 10_000
    const left = () => ({ timeout: Math.max(deadline - Date.now(), 1), intervals: [100] })
    await expect.poll(() => demo.pid(program).catch(() => pid), { ...left(), message: `${program} is started again` }).not.toBe(pid)
    await expect(async () => demo.hold('rd-level-1', { water_level: value })).toPass(left())
    await expect(readings.getByText(value.toFixed(2)).first(), `a new value after the kill of ${program}`).toBeVisible(left())
    for (const video of videos) await expect.poll(() => plays(video), { ...left(), message: `pictures after the kill of ${program}` }).toBe(true)
  }
})
