// The report chain in a real browser: a county's officer writes a first report with the keyboard alone, the city's desk
// hears it, opens it and accepts it.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { beeps, enter, expect, listen, test } from './demo'

test('a first report is written by keyboard within a minute, and the city hears it', async ({ page, demo, browser }) => {
  const { rudong } = JSON.parse(await readFile(path.join(demo.data, 'logins.json'), 'utf8')) as { rudong: string }
  await listen(page)
  // The city sits at its reports: no map is drawn in software beside the county's page, and it rings on every page.
  await enter(page, demo, demo.duty, '/report')
  await page.getByRole('heading', { name: /收到待处理/ }).click() // a browser gives sound once the page was touched
  const county = await (await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport: { width: 1366, height: 768 } })).newPage()
  await enter(county, demo, { user: 'rudong', password: rudong }, '/incident/inbox')
  await expect(county.getByLabel('报告单位').first()).toBeFocused()
  const title = `小洋口渔船进水 ${Date.now() % 10_000}`

  // From here on no mouse.
  const begun = Date.now()
  const keys = county.keyboard
  await keys.type('洋口渔港管理站')
  await keys.press('Tab')
  await keys.type('王站长')
  await keys.press('Tab')
  await keys.type('000-0000-3001')
  await keys.press('Tab')
  await keys.press('Tab')
  await keys.type('小洋口闸外 2 海里')
  for (let n = 0; n < 3; n++) await keys.press('Tab')
  await keys.type(title)
  await keys.press('Alt+Enter') // asks the category first
  await keys.press('ArrowDown')
  await keys.press('Enter')
  await expect(county.getByRole('region', { name: '报告与批示' })).toBeVisible()
  await keys.press('b')
  await expect(county.getByRole('form', { name: `${title}（初报）` })).toBeVisible()
  // The draft opens at what is missing, and F8 goes from one to the next.
  const focused = () => county.evaluate(() => document.activeElement?.closest('label')?.textContent ?? '')
  await expect.poll(focused).toContain('还缺')
  for (let n = 0; n < 12 && !(await focused()).includes('已采取的措施'); n++) await keys.press('F8')
  await keys.type('海事已派艇，渔船 6 人已穿救生衣')
  await expect(county.getByText(/^已保存/)).toBeVisible()
  await keys.press('Control+Enter')
  // A report that nobody graded is asked before it leaves.
  await expect(county.getByLabel(/还没有定级/)).toBeFocused()
  await keys.press('Space')
  await keys.press('Tab')
  await expect(county.getByLabel('签发人（已口头或电话同意）')).toBeFocused()
  await keys.type('孔局')
  await keys.press('Enter')
  await expect(county.getByText('已送达').first()).toBeVisible()
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
