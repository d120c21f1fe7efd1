// A recording is found, played, held for a file until that is ended, handed on as a file, and frozen as a picture.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
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

test('a selection becomes a file with its hash, and a frozen picture is kept', async ({ page, demo }) => {
  test.setTimeout(300_000) // a minute on a quiet machine, more than three on a busy one
  await login(page, demo, demo.duty)
  await page.goto(`${demo.url}/video/recordings`)
  const camera = page.locator('[data-testid=recorded-camera][data-camera=rd-cam-2]')
  await expect(camera).toContainText('MB')
  await camera.click()
  await expect(page.getByTestId('replay-scene')).toHaveAttribute('data-state', 'shown')
  await page.keyboard.press('s')
  await expect(page.getByText('已留存 1 张快照')).toBeVisible()

  await page.keyboard.press('i')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('o')
  await page.getByTestId('clip-selection').click()
  const choice = page.getByTestId('clip-reference')
  await choice.selectOption({ index: 1 })
  const no = await choice.inputValue()
  await page.getByTestId('clip-dialog').locator('button[type=submit]').click()
  await expect(page).toHaveURL(/video\/clips/)
  const clip = page.getByTestId('clip').filter({ hasText: no })
  await expect(clip).toHaveAttribute('data-state', 'made')
  const file = clip.getByTestId('clip-file').first() // a second one has its time drawn in
  const hash = await file.locator('code').getAttribute('title')
  const [taken] = await Promise.all([page.waitForEvent('download'), file.getByRole('link').click()])
  expect(createHash('sha256').update(await readFile(await taken.path())).digest('hex')).toBe(hash)

  await page.getByRole('link', { name: '快照', exact: true }).first().click()
  const still = page.locator('[data-testid=snapshot][data-origin=replay]').first()
  await expect(still.getByTestId('still')).toHaveAttribute('data-ready', 'true')
  // It was frozen while the player was still on its way there: it shows the scene all the same, and is not black.
  const spread = await still.locator('img').evaluate((element) => {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 64
    const context = canvas.getContext('2d')!
    context.drawImage(element as HTMLImageElement, 0, 0, 64, 64)
    const green = context.getImageData(0, 0, 64, 64).data.filter((_, i) => i % 4 === 1)
    return Math.max(...green) - Math.min(...green)
  })
  expect(spread).toBeGreaterThan(50)
  await still.click()
  await page.getByTestId('snapshot-reference').selectOption(no)
  await page.getByTestId('snapshot-view').locator('button[type=submit]').click()
  await expect(still).toContainText(`留存：${no}`) // others may be of the same incident
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('snapshot-view')).toHaveCount(0)
})
