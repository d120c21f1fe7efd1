// The wall: pictures side by side by one connection, changed by mouse, saved by name, sent to a second screen.
import type { Page } from '@playwright/test'
import { expect, login, test } from './demo'

const tile = (page: Page, camera: string) => page.locator(`[data-testid=scene][data-stream=${camera}]`)

async function live(page: Page, camera: string): Promise<void> {
  await expect(tile(page, camera)).toHaveAttribute('data-phase', 'live')
  await expect.poll(async () => Number(await tile(page, camera).getAttribute('data-frames'))).toBeGreaterThan(3)
}

test('a wall of cameras by one connection is changed, saved, loaded again and sent to a second screen', async ({ page, demo }) => {
  await page.addInitScript(() => {
    const counted = globalThis as unknown as { peers: number }
    counted.peers = 0
    const Plain = RTCPeerConnection
    globalThis.RTCPeerConnection = class extends Plain {
      constructor(o?: RTCConfiguration) {
        super(o)
        counted.peers++
      }
    }
  })
  await login(page, demo, demo.duty)
  await page.getByRole('navigation').getByRole('link', { name: /视频/ }).click()
  for (const camera of ['rd-cam-1', 'qd-cam-1']) await page.locator(`[data-testid=camera-row][data-camera=${camera}]`).click()
  for (const camera of ['rd-cam-1', 'qd-cam-1']) await live(page, camera)

  const slots = page.getByTestId('slot')
  await expect(slots.nth(0).locator('[data-stream=rd-cam-1]')).toBeVisible()
  await slots.nth(1).dragTo(slots.nth(0))
  await expect(slots.nth(0).locator('[data-stream=qd-cam-1]')).toBeVisible()
  for (const camera of ['rd-cam-1', 'qd-cam-1']) await live(page, camera)
  await test.info().attach('switch', { body: `the other picture was there after ${await tile(page, 'qd-cam-1').getAttribute('data-took')} ms` })
  await page.getByTestId('grid-8').click()
  for (const camera of ['rd-cam-1', 'qd-cam-1']) await live(page, camera)
  expect(await page.evaluate(() => (globalThis as unknown as { peers: number }).peers)).toBe(1)

  await page.getByTestId('wall-save').click()
  await page.getByTestId('wall-title').fill('防汛值守')
  await page.getByTestId('wall-keep').click()
  await expect(page.getByTestId('walls').locator('option:checked')).toHaveText('防汛值守')
  await page.getByTestId('grid-4').click()
  await expect(page.getByTestId('wall-save')).toContainText('*')
  await page.reload()
  await page.getByTestId('walls').selectOption({ label: '防汛值守' })
  await expect(slots).toHaveCount(8)
  for (const camera of ['rd-cam-1', 'qd-cam-1']) await live(page, camera)

  const [second] = await Promise.all([page.waitForEvent('popup'), slots.nth(1).click().then(() => page.getByTestId('second-screen').click())])
  await live(second, 'rd-cam-1')
  await second.close()
  await page.getByTestId('wall-save').click()
  await page.getByTestId('wall-remove').click()
  await expect(page.getByText('已删除“防汛值守”')).toBeVisible()
  // Gone to another page and back, what played goes on without a click.
  await page.getByRole('navigation').getByRole('link', { name: /值班台/ }).click()
  await expect(page).not.toHaveURL(/\/video/)
  await page.getByRole('navigation').getByText('视频', { exact: true }).click()
  for (const camera of ['rd-cam-1', 'qd-cam-1']) await live(page, camera)
  await page.getByRole('navigation').getByRole('link', { name: /值班台/ }).click()
  for (const camera of ['rd-cam-1', 'qd-cam-1']) await expect.poll(() => demo.watching(camera), { timeout: 30_000 }).toBe(0)
})
