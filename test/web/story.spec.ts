// The first story of the city desk, as the duty officer lives it.
import { expect, login, picture, test } from './demo'
import { watch } from './video'

test.describe.configure({ mode: 'serial' })

test('the tide raises an alarm that sounds, stands in the list and on the map, and is acknowledged by name', async ({ page, demo }) => {
  await demo.hold('rd-level-1', { water_level: 4.1 })
  await login(page, demo, demo.duty)
  await expect(page.getByText('演示数据').first()).toBeVisible()
  await expect(page.getByText('4.10').first()).toBeVisible()
  await picture(page, 'desk')

  await demo.hold('rd-level-1', { water_level: 5.37 })
  const row = page.getByRole('listitem').filter({ hasText: '水位超警戒' }).first()
  await expect(row).toBeVisible()
  await expect(page.getByRole('status', { name: '告警声' })).toHaveAttribute('data-sounding', 'true')
  await picture(page, 'desk-alarm')

  await row.getByRole('button', { name: '确认' }).click()
  await expect(row).toContainText('陈值班')
  await demo.hold('rd-level-1', { water_level: 4.3 })
  await expect(row).toBeHidden()
})

test('a click on a camera brings live video, another ends it and the terminal stops sending', async ({ page, demo }) => {
  await login(page, demo, demo.duty)
  await page.getByRole('navigation').getByText('视频').click()
  const tile = page.getByRole('region', { name: /rd-cam-1|外闸/ }).first()
  await tile.getByRole('button', { name: '观看' }).click()
  const video = tile.locator('video')
  await expect.poll(async () => (await watch(video, 1000)).frames, { timeout: 20_000 }).toBeGreaterThan(10)
  const shown = await watch(video, 2000)
  expect(shown.frames).toBeGreaterThan(25)
  expect(shown.width).toBe(960)
  expect(shown.bright).toBeGreaterThan(30)
  expect(shown.spread).toBeGreaterThan(80)
  expect(await demo.watching('rd-cam-1')).toBe(1)
  await picture(page, 'video')

  await tile.getByRole('button', { name: '停止' }).click()
  await expect.poll(() => demo.watching('rd-cam-1'), { timeout: 30_000 }).toBe(0)
})
