// The pictures of the manual's chapters of video and consultation, in both languages: npm run pictures.
import type { Browser, Page } from '@playwright/test'
import { Book, type Language } from './book'
import { enter, expect, test, type Demo } from './demo'
import { live, sixteen } from './wall'

// drag draws over a part of a picture.
async function drag(page: Page, testId: string, from: [number, number], to: [number, number]): Promise<void> {
  const box = (await page.getByTestId(testId).boundingBox())!
  await page.mouse.move(box.x + box.width * from[0], box.y + box.height * from[1])
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * to[0], box.y + box.height * to[1], { steps: 4 })
  await page.mouse.up()
}

// guestOf is a page of somebody without an account, who has chosen the language on it.
async function guestOf(browser: Browser, language: Language, viewport: { width: number; height: number }, hasTouch = false): Promise<Page> {
  const context = await browser.newContext({ viewport, locale: language, timezoneId: 'Asia/Shanghai', hasTouch })
  await context.addInitScript((chosen) => localStorage.setItem('fengsui.locale', chosen), language)
  return await context.newPage()
}

for (const language of ['zh-CN', 'en'] as const) {
  test(`pictures of the wall: ${language}`, async ({ browser, demo }) => {
    test.setTimeout(400_000)
    const b = await Book.open(browser, demo, language, demo.duty, '/video')
    const { page } = b
    const title = b.one('防汛值守', 'Flood watch')
    const { id, version } = await b.send<{ id: string; version: number }>('/walls', { title, size: 9, cameras: sixteen, tour: 20 })
    await page.reload()
    await page.getByTestId('walls').selectOption({ label: title })
    await live(page, ...sixteen.slice(0, 9))
    await b.take('wall')
    const gone = await page.request.delete(`${demo.url}/api/v1/walls/${id}?version=${version}`, { headers: { Origin: demo.url } })
    expect(gone.ok(), await gone.text()).toBe(true)
    await page.context().close()
  })

  test(`pictures of speaking to a scene: ${language}`, async ({ browser, demo }) => {
    test.setTimeout(400_000)
    const b = await Book.open(browser, demo, language, demo.duty, '/video')
    const { page } = b
    const tile = page.locator('[data-testid=scene][data-stream=rd-cam-1]')
    await page.getByTestId('camera-row').filter({ hasText: b.one('洋口外闸', 'Yangkou') }).first().click()
    await expect(tile).toHaveAttribute('data-phase', 'live')
    await tile.hover()
    await tile.getByTestId('scene-layers').selectOption('sub')
    await expect(tile.getByTestId('scene-layer')).toBeVisible()
    await tile.hover()
    await b.take('layer')
    await tile.getByTestId('scene-layers').selectOption('auto')

    await tile.getByTestId('scene-talk').click()
    const hold = tile.getByTestId('talk-hold')
    await expect(hold).toBeEnabled()
    await hold.hover()
    await page.mouse.down()
    await expect(hold).toHaveAttribute('data-state', 'speaking')
    await b.take('talk')
    await page.mouse.up()
    await tile.getByTestId('talk-close').click()

    const turning = tile.getByTestId('scene-steer')
    await tile.hover()
    if (await turning.count()) {
      await turning.click()
      await expect(tile.getByTestId('steer-pad')).toBeVisible()
      await b.take('steer')
      await tile.getByTestId('steer-close').click()
    }

    await tile.hover()
    await tile.getByTestId('scene-draw').click()
    await expect(page.getByTestId('draw-canvas')).toBeFocused()
    await drag(page, 'draw-canvas', [0.25, 0.35], [0.5, 0.55])
    await page.keyboard.press('2')
    await drag(page, 'draw-canvas', [0.55, 0.5], [0.7, 0.7])
    await b.take('drawing')
    await page.getByTestId('draw-dialog').getByRole('button', { name: b.t('video.draw.next') }).click()
    const dialog = page.getByTestId('message-dialog')
    await dialog.getByTestId('message-text').fill(b.one('二组把沙袋运到箭头处', 'Team 2: bring the sandbags to the arrow'))
    await dialog.getByRole('button', { name: b.t('video.message.send') }).click()
    await expect(dialog.getByTestId('message-row').first()).toHaveAttribute('data-state', /delivered|shown/)
    await b.take('message')
    await page.context().close()
  })

  test(`pictures of watching by a link: ${language}`, async ({ browser, demo }) => {
    test.setTimeout(300_000)
    const b = await Book.open(browser, demo, language, demo.duty, '/video/links')
    const made = await b.send<{ token: string; page: string }>('/video-links', { action: 'watch', stream: 'rd-cam-1', title: b.one('市政府总值班室', 'Duty room of the city government'), hours: 8 })
    await b.go('/video/links')
    await b.page.getByTestId('share').click()
    await b.page.getByTestId('share-dialog').getByText(b.t('video.link.does.watch'), { exact: true }).click()
    await b.take('links')
    const guest = await guestOf(browser, language, { width: 1024, height: 640 })
    await guest.goto(`${demo.url}${made.page}#${made.token}`)
    await expect(guest.getByTestId('watch')).toHaveAttribute('data-phase', 'live')
    await b.take('watch', guest)
    await guest.context().close()
    await b.page.context().close()
  })

  test(`pictures of a consultation: ${language}`, async ({ browser, demo }) => {
    test.setTimeout(400_000)
    const b = await Book.open(browser, demo, language, demo.duty, '/video/consults')
    const { id } = await b.send<{ id: string }>('/consults', { title: b.one('洋口外闸管涌会商（演示）', 'Piping at the Yangkou sluice (demo)') })
    const county = await join(browser, demo, language)
    const me = (await (await county.request.get(`${demo.url}/api/v1/session`)).json()) as { user: { id: string } }
    await b.send(`/consults/${id}/invitations`, { people: [me.user.id] })
    const link = await b.send<{ token: string; page: string }>(`/consults/${id}/invitations`, { guest: b.one('水利专家陈工', 'Chen, hydraulic engineer'), hours: 2 })
    const phone = await guestOf(browser, language, { width: 390, height: 760 }, true)
    await b.page.goto(`${demo.url}/consult/${id}`)
    await county.goto(`${demo.url}/consult/${id}`)
    await phone.goto(`${demo.url}${link.page}#${link.token}`)
    for (const page of [b.page, county, phone]) {
      await page.bringToFront()
      await page.getByTestId('consult-enter').click()
      await expect(page.getByTestId('consult')).toHaveAttribute('data-phase', 'in')
    }
    await b.page.bringToFront()
    await b.page.getByTestId('consult-share').selectOption('rd-cam-1')
    const moves = async (page: Page) => {
      await page.bringToFront()
      await expect.poll(async () => await page.locator('video').evaluateAll((list) => list.filter((v) => (v as HTMLVideoElement).videoWidth > 0 && (v as HTMLVideoElement).currentTime > 0).length), { timeout: 60_000 }).toBeGreaterThan(2)
    }
    await b.page.getByTestId('consult-record').click()
    await expect(b.page.getByTestId('consult-recording')).toBeVisible()
    await moves(b.page)
    await b.take('consult')
    await moves(phone)
    await b.take('consult-phone', phone)
    await b.page.bringToFront()
    await b.page.getByTestId('consult-end').click()
    await b.page.getByTestId('consult-end-sure').click()
    await expect(phone.getByTestId('consult')).toHaveAttribute('data-phase', 'ended')
    await b.go(`/video/recordings?consult=${id}`)
    for (let i = 0; i < 3; i++) await expect(b.page.getByTestId('replay-scene').nth(i)).toHaveAttribute('data-state', 'shown')
    await b.take('consult-replay')
    for (const page of [phone, county, b.page]) await page.context().close()
  })
}

async function join(browser: Browser, demo: Demo, language: Language): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1024, height: 700 }, locale: language, timezoneId: 'Asia/Shanghai' })).newPage()
  await enter(page, demo, demo.county, '/video/consults')
  return page
}
