// The report chain in a real browser: a county's officer writes a first report with the keyboard alone, the city's desk
// hears it, opens it and accepts it.
import { beeps, desk, enter, expect, listen, test } from './demo'
import { first, receive } from './report'

test('a first report is written by keyboard within a minute, and the city hears it', async ({ page, demo, browser }) => {
  await listen(page)
  // The city sits at its reports: no map is drawn in software beside the county's page, and it rings on every page.
  await enter(page, demo, demo.duty, '/report')
  await page.getByRole('heading', { name: /收到待处理/ }).click() // a browser gives sound once the page was touched
  const county = await desk(browser)
  await enter(county, demo, demo.county, '/incident/inbox')
  const title = `小洋口渔船进水 ${Date.now() % 10_000}`

  // From here on no mouse.
  const begun = Date.now()
  await receive(county, { unit: '洋口渔港管理站', caller: '王站长', phone: '000-0000-3001', place: '小洋口闸外 2 海里', text: title })
  await first(county, title, '海事已派艇，渔船 6 人已穿救生衣', '孔局')
  expect(Date.now() - begun).toBeLessThan(60_000)

  // It stands at the city's desk and rings until somebody opens it.
  const row = page.getByRole('region', { name: '收到待处理' }).getByRole('listitem').filter({ hasText: title })
  await expect(row).toContainText('已送达')
  await expect.poll(() => beeps(page)).toBeGreaterThan(0)
  await row.getByRole('button', { name: '打开' }).click()
  await expect(page.getByText('海事已派艇，渔船 6 人已穿救生衣')).toBeVisible()
  await page.getByRole('button', { name: '接收' }).click()
  await expect(page.getByText('已接收').first()).toBeVisible()
  await expect(county.getByText('已接收').first()).toBeVisible()
  await county.context().close()
})
