// A crew in a real browser: asked for, proposed with what is missing, sent, heard from its phone without a login, seen on
// the map of the room, and released.
import { enter, expect, test } from './demo'

test('a crew is asked for, sent, arrives by its phone and is released', async ({ page, demo, browser }) => {
  const headers = { Origin: demo.url }
  await page.setViewportSize({ width: 1366, height: 768 }) // a smaller map in software leaves time for the page
  await enter(page, demo, demo.duty, '/resource')
  const title = `河堤渗水 ${Date.now() % 10_000}`
  const opened = await page.request.post(`${demo.url}/api/v1/incidents`, { headers, data: { title, category: 'natural.flood', place: '汇龙镇江堤', lon: 121.66, lat: 31.8, level: 4 } })
  const { id } = (await opened.json()) as { id: string }
  // The register shows what the crew does; it is ready before.
  const row = page.getByRole('row').filter({ hasText: '启东沿江巡查队（演示）' })
  await expect(row).toContainText('待命')
  await page.goto(`${demo.url}/incident/${id}/room`)
  await expect(page.getByRole('heading', { level: 1 })).toContainText(title)

  const board = page.getByRole('region', { name: '力量物资' })
  await board.getByRole('button', { name: '提出需求' }).click()
  const ask = page.getByRole('dialog', { name: '提出需求' })
  await ask.getByLabel('需要什么能力').fill('巡堤查险')
  await ask.getByLabel('数量').fill('9')
  await ask.getByLabel('数量').press('Enter')
  await expect(ask).toBeHidden()
  await expect(board).toContainText('1 项未满足')

  // The nearest stands first; what nobody has is said. Only the first is sent.
  await board.getByRole('button', { name: '调派' }).click()
  const send = page.getByRole('dialog', { name: /调派/ })
  await expect(send.getByRole('alert')).toContainText('还缺')
  await expect(send.getByRole('row').first()).toContainText('启东沿江巡查队（演示）')
  for (const box of (await send.getByRole('checkbox', { checked: true }).all()).slice(1).reverse()) await box.uncheck()
  await send.getByLabel('每多少分钟报告一次').press('Enter')
  await expect(send).toBeHidden()
  await expect(board).toContainText('1 / 9')

  await board.getByRole('button', { name: '报到码' }).click()
  const code = page.getByRole('dialog', { name: /报到码/ })
  const address = await code.getByRole('textbox').inputValue()
  await page.keyboard.press('Escape')
  const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport: { width: 390, height: 844 }, geolocation: { longitude: 121.65, latitude: 31.805 }, permissions: ['geolocation'] })
  const phone = await context.newPage()
  await phone.goto(address)
  await expect(phone.getByRole('heading', { level: 1 })).toContainText(title)
  await phone.getByRole('button', { name: '已出发' }).click()
  await phone.getByLabel(/情况说明/).fill('三人已到堤上')
  await phone.getByRole('button', { name: '已到场' }).click()
  await expect(phone.getByRole('button', { name: '报平安' })).toBeVisible()

  // The room has seen it without a reload, and its map where it is.
  await expect(board.getByText('到场', { exact: true })).toBeVisible()
  const crew = page.getByTestId('map-force').and(page.locator('[data-kind=crew]')).filter({ hasText: '启东沿江巡查队（演示）' })
  await crew.dispatchEvent('click')
  const card = page.getByTestId('force-card')
  await expect(card).toContainText(/直线 1\.[0-9] km/)
  await expect(card).toContainText('巡堤查险')
  await card.getByRole('button').first().click()

  await board.getByRole('button', { name: '放行' }).click()
  await expect(board.getByText('已放行', { exact: true })).toBeVisible()
  await expect(phone.getByRole('button', { name: '报平安' })).toBeVisible()
  await phone.reload()
  await expect(phone.getByText('该调派已结束，无需再报。')).toBeVisible()
  await context.close()
  await page.goto(`${demo.url}/resource`)
  await expect(row).toContainText('休整')
  await row.getByRole('button', { name: '待命' }).click()
  await expect(row.getByRole('button', { name: '休整' })).toBeVisible()
})
