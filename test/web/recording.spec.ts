// A recording is found, played, and held for a file until that is ended.
import { expect, login, test } from './demo'
import { watch } from './video'

test('what a camera recorded plays, is held for a file and let go', async ({ page, demo }) => {
  await login(page, demo, demo.duty)
  await page.goto(`${demo.url}/video/recordings`)
  const camera = page.locator('[data-testid=recorded-camera][data-camera=rd-cam-2]')
  await expect(camera).toContainText('MB')
  await camera.click()
  const scene = page.getByTestId('replay-scene')
  await page.getByTestId('replay-play').click()
  await expect(scene).toHaveAttribute('data-state', 'shown')
  const shown = await watch(scene.locator('video'), 1500)
  expect(shown.spread).toBeGreaterThan(100)
  expect(shown.moved).toBeGreaterThan(0)

  await page.keyboard.press('i')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('o')
  await page.getByTestId('hold-selection').click()
  const dialog = page.getByTestId('hold-dialog')
  await dialog.getByRole('textbox').fill('演示案卷 7')
  await page.keyboard.press('Enter')
  const held = page.getByTestId('hold').filter({ hasText: '演示案卷 7' })
  await expect(held).toBeVisible()
  await held.getByTestId('hold-end').click()
  await page.getByRole('dialog').getByRole('textbox').fill('演示案卷 7')
  await page.keyboard.press('Enter')
  await expect(held).toHaveCount(0)
})
