// The book of a desk in a real browser: a call is logged by keyboard and left open, and the shift passes by two signatures.
import { expect, login, test } from './demo'
import { leave, openItems, shift, stay, take } from './handover'

test('a call is logged by keyboard and left open, and two signatures hand it over', async ({ page, demo }) => {
  await login(page, demo, demo.duty)
  await page.goto(`${demo.url}/more/handover`)
  await expect(page.getByLabel('对方单位、姓名')).toBeFocused()
  const text = `吕四港报告 ${Date.now() % 10_000} 号泊位缆绳断裂，正在加固`

  // From here on no mouse, until it is signed.
  const keys = page.keyboard
  await keys.press('Alt+2')
  await expect(page.getByRole('group').getByRole('button', { name: /^去电/ })).toHaveAttribute('aria-pressed', 'true')
  await keys.press('Alt+1')
  await keys.type('吕四港值班室')
  await keys.press('Tab')
  await keys.type('000-0000-4001')
  await keys.press('Tab')
  await keys.press('Tab')
  await keys.type(text)
  await keys.press('Tab')
  await keys.press('Space')
  await keys.press('Tab')
  await keys.press('Tab')
  await keys.type('23:59')
  await keys.press('Enter')
  const log = page.getByRole('region', { name: /^值班日志/ })
  await expect(log.getByRole('listitem').filter({ hasText: text })).toContainText('吕四港值班室')
  const item = openItems(page).filter({ hasText: text })
  await expect(item).toContainText('陈值班')
  await expect(page.getByLabel('对方单位、姓名')).toBeFocused()

  const no = Number(/第 (\d+) 班/.exec(await shift(page).innerText())?.[1])
  await leave(page, '盯住吕四港泊位', demo.duty.password)
  await expect(shift(page)).toContainText('陈值班 已交班签字')

  // The next officer signs at the same screen and takes over what is open.
  await take(page, { user: 'liming', password: demo.duty.password }, ['盯住吕四港泊位', text])
  await stay(page)
  await expect(shift(page)).toContainText(`第 ${no + 1} 班`)
  await expect(item).toContainText('李明')
  // Who signed is on post on every page, and the page says whose session this still is.
  await expect(page.getByRole('banner')).toContainText('值班 李明')
  await expect(page.getByText('本班由 李明 签字接班')).toBeVisible()
  await expect(page.getByRole('region', { name: '历次交接' }).getByRole('listitem').filter({ hasText: `#${no}` })).toContainText('陈值班 → 李明')
})
