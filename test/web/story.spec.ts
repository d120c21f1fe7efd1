// The first story of the city desk, as the duty officer lives it.
import { beeps, expect, listen, login, picture, test } from './demo'
import { watch } from './video'

const name = '陈值班'

test('the tide raises an alarm that sounds, stands in the list and on the map, and is acknowledged by name', async ({ page, demo }) => {
  await demo.hold('rd-level-1', { water_level: 4.1 })
  await listen(page)
  await login(page, demo, demo.duty)
  const need = page.getByRole('region', { name: '现在需要我' })
  await expect(need.getByText('现在没有需要处理的事。')).toBeVisible()
  await expect(page.getByText('演示数据').first()).toBeVisible()
  await expect(page.getByRole('button', { name: '声音 开' })).toBeVisible()
  const before = await beeps(page)

  await demo.hold('rd-level-1', { water_level: 5.37 })
  const row = need.getByRole('listitem').filter({ hasText: '水位超警戒' })
  await expect(row).toBeVisible()
  await expect(row).toContainText('待确认')
  await expect(page.getByRole('navigation').getByText('1', { exact: true })).toBeVisible()
  await expect.poll(() => beeps(page)).toBeGreaterThan(before)
  await picture(page, 'desk')

  await page.getByRole('navigation').getByRole('link', { name: /一张图/ }).click()
  await expect(page.locator('[data-testid=map-alarm][data-device=rd-level-1]')).toBeVisible()
  await picture(page, 'map')
  await page.getByRole('navigation').getByRole('link', { name: /值班台/ }).click()

  await row.getByRole('button', { name: /^确认/ }).click()
  await page.getByLabel('备注').fill('已通知洋口闸管所')
  await page.getByRole('button', { name: `以 ${name} 的名义确认` }).click()
  await expect(row).toContainText(`${name}`)
  await expect(row).toContainText('已通知洋口闸管所')

  await demo.hold('rd-level-1', { water_level: 4.3 })
  await expect(need.getByText('现在没有需要处理的事。')).toBeVisible()
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
  await expect.poll(() => demo.watching('qd-cam-1'), { timeout: 45_000 }).toBe(0)
})

test('kill -9 of any program heals within ten seconds and the open page goes on', async ({ page, demo }) => {
  await demo.hold('rd-level-1', { water_level: 4.1 })
  await login(page, demo, demo.duty)
  await page.getByRole('navigation').getByRole('link', { name: /监测/ }).click()
  await page.getByRole('button', { name: '读数' }).click()
  for (const program of ['sim', 'edge-rudong', 'central']) {
    const pid = await demo.pid(program)
    process.kill(pid, 'SIGKILL')
    const value = 3 + Math.round(Math.random() * 100) / 100
    await expect.poll(() => demo.pid(program).catch(() => pid), { timeout: 10_000 }).not.toBe(pid)
    await expect(async () => demo.hold('rd-level-1', { water_level: value })).toPass({ timeout: 10_000 })
    await expect(page.getByText(value.toFixed(2)).first(), `after the kill of ${program}`).toBeVisible({ timeout: 12_000 })
  }
})
