// A picture is frozen, drawn on and sent with words; the terminal shows it, and what the crew answers is seen at the desk.
import { readFile } from 'node:fs/promises'
import type { Locator, Page } from '@playwright/test'
import { enter, expect, test } from './demo'

// stroke draws from one place of the picture to another, as parts of it.
async function stroke(page: Page, canvas: Locator, from: [number, number], to: [number, number]): Promise<void> {
  const box = await canvas.boundingBox()
  if (!box) throw new Error('there is no picture')
  await page.mouse.move(box.x + box.width * from[0], box.y + box.height * from[1])
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * to[0], box.y + box.height * to[1], { steps: 4 })
  await page.mouse.up()
}

test('a drawing is sent with words, survives its dialog, and the crew answers', async ({ page, browser, demo }) => {
  test.setTimeout(300_000)
  const ports = JSON.parse(await readFile(`${demo.data}/ports.json`, 'utf8')) as { Status: Record<string, string> }
  await enter(page, demo, demo.duty, '/video')
  await page.getByTestId('camera-row').filter({ hasText: '洋口外闸' }).click()
  const tile = page.getByTestId('scene').filter({ hasText: '洋口外闸' })
  await expect(tile).toHaveAttribute('data-phase', 'live')
  await tile.hover()
  await tile.getByTestId('scene-draw').click()
  const drawing = page.getByTestId('draw-dialog')
  const canvas = page.getByTestId('draw-canvas')
  const strokes = async (n: number) => await expect(canvas).toHaveAttribute('aria-label', new RegExp(`已标注 ${String(n)} 处`))
  await expect(canvas).toBeFocused()
  await strokes(0)
  await stroke(page, canvas, [0.2, 0.3], [0.5, 0.5])
  await strokes(1)
  // By keyboard: a circle, taken back and drawn again by undo and redo.
  await page.keyboard.press('2')
  await page.keyboard.press('Enter')
  for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press('Enter')
  await strokes(2)
  await page.keyboard.press('Control+z')
  await strokes(1)
  await page.keyboard.press('Control+Shift+z')
  await strokes(2)
  await page.keyboard.press('4')
  // Words are written where they stand, and none are lost by going on without Enter.
  const box = await canvas.boundingBox()
  await page.mouse.click((box?.x ?? 0) + 60, (box?.y ?? 0) + 60)
  await page.getByTestId('draw-words').fill('沙袋到这里')
  await page.getByTestId('draw-undo').focus()
  await strokes(3)

  // Closed, it is a draft, also after another page was looked at.
  await page.keyboard.press('Escape')
  await expect(drawing).toHaveCount(0)
  await page.getByRole('navigation').getByText('值班台').click()
  await expect(page).not.toHaveURL(/\/video/)
  await page.getByRole('navigation').getByText('视频', { exact: true }).click()
  await page.getByTestId('camera-row').filter({ hasText: '洋口外闸' }).click()
  await expect(tile.getByTestId('scene-draw')).toHaveText('标注草稿')
  await tile.getByTestId('scene-draw').click()
  await strokes(3)
  await drawing.getByRole('button', { name: '写消息并发送' }).click()

  // Words that were not sent stay with it too.
  const dialog = page.getByTestId('message-dialog')
  await dialog.getByTestId('message-text').fill('二组把沙袋运到箭头处')
  await dialog.getByTestId('message-redraw').click()
  await strokes(3)
  await drawing.getByRole('button', { name: '写消息并发送' }).click()
  await expect(dialog.getByTestId('message-text')).toHaveValue('二组把沙袋运到箭头处')
  await dialog.getByRole('button', { name: '发送' }).click()
  const row = dialog.getByTestId('message-row').filter({ hasText: '二组把沙袋运到箭头处' })
  await expect(row).toHaveAttribute('data-state', /delivered|shown/)
  await expect.poll(async () => await row.locator('img').evaluate((i: HTMLImageElement) => i.naturalWidth)).toBeGreaterThan(300)

  const board = await (await browser.newContext({ locale: 'zh-CN', viewport: { width: 1024, height: 768 } })).newPage()
  await board.goto(`http://${ports.Status['edge-rudong'] ?? ''}/messages`)
  const order = board.locator('article').filter({ hasText: '二组把沙袋运到箭头处' })
  await expect.poll(async () => await order.locator('img').evaluate((i: HTMLImageElement) => i.naturalWidth)).toBeGreaterThan(300)
  await expect(row).toContainText('已在屏幕打开')
  await expect(row).toContainText('等待现场确认')
  if (process.env.SHOTS) {
    await page.screenshot({ path: `${process.env.SHOTS}/message-waits.png` })
    await board.screenshot({ path: `${process.env.SHOTS}/message-board.png` })
  }
  await order.getByRole('button', { name: '收到，执行' }).click()
  await expect(row).toHaveAttribute('data-state', 'confirmed')
  await expect(row).toContainText('现场已确认')

  // What was sent is no draft any more; an order that cannot be carried out comes back with its reason.
  await dialog.getByTestId('message-text').fill('到岔河闸接应')
  await dialog.getByRole('button', { name: '发送' }).click()
  await board.locator('article').filter({ hasText: '到岔河闸接应' }).getByRole('button', { name: '道路不通' }).click()
  const second = dialog.getByTestId('message-row').filter({ hasText: '到岔河闸接应' })
  await expect(second).toHaveAttribute('data-state', 'refused')
  await expect(second).toContainText('道路不通，无法到达')
  await dialog.getByRole('button', { name: '关闭' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(tile.getByTestId('scene-draw')).toHaveText('标注')
})

test('a crew with only a phone gets the message and the picture, and answers without a net', async ({ page, browser, demo }) => {
  test.setTimeout(300_000)
  await enter(page, demo, demo.duty, '/video/links')
  const made = await page.request.post(`${demo.url}/api/v1/video-links`, { headers: { Origin: demo.url }, data: { action: 'publish', title: '抢险四队手机', hours: 8 } })
  expect(made.ok(), await made.text()).toBe(true)
  const { link, token, page: at } = (await made.json()) as { link: { stream: string }; token: string; page: string }
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' })
  const phone = await context.newPage()
  await phone.clock.install()
  const listens = phone.waitForRequest(/\/field\/phone-[^/]+\/wanted\?.*news=[0-9a-f]+/)
  await phone.goto(`${demo.url}${at}#${token}`)
  await expect(phone.getByTestId('field')).toHaveAttribute('data-offline', 'true')
  // From here on no clock of the phone makes it ask: what comes, the centre has told it.
  await listens
  await phone.clock.pauseAt(Date.now() + 3000)

  await page.goto(`${demo.url}/video`)
  await page.getByTestId('message-open').click()
  const dialog = page.getByTestId('message-dialog')
  await dialog.getByLabel('抢险四队手机').check()
  await dialog.getByTestId('message-text').fill('到 3 号闸支援')
  await dialog.getByRole('button', { name: '发送' }).click()
  const row = dialog.getByTestId('message-row').filter({ hasText: '到 3 号闸支援' })
  const order = phone.getByTestId('order').filter({ hasText: '到 3 号闸支援' })
  await expect(order).toBeVisible({ timeout: 60_000 })
  await phone.clock.resume()
  await expect(row).toContainText('已在手机显示', { timeout: 60_000 })
  if (process.env.SHOTS) await phone.screenshot({ path: `${process.env.SHOTS}/phone-order.png` })

  // Without a net it is answered all the same, also over a page that was loaded again; the answer goes out later.
  await context.setOffline(true)
  await order.getByTestId('order-confirm').click()
  await expect(order).toContainText('待发')
  await phone.reload()
  await expect(order).toHaveAttribute('data-state', 'confirmed')
  if (process.env.SHOTS) await phone.screenshot({ path: `${process.env.SHOTS}/phone-order-offline.png` })
  await expect(row).not.toHaveAttribute('data-state', 'confirmed')
  await context.setOffline(false)
  await expect(row).toHaveAttribute('data-state', 'confirmed', { timeout: 90_000 })
  await expect(order).not.toContainText('待发')
  expect(link.stream).toMatch(/^phone-/)
})
