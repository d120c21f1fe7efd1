// The book of a desk in a real browser: a call is logged by keyboard and left open, and the shift passes by two signatures.
import { expect, login, test } from './demo'
import type { Locator } from '@playwright/test'

// sign presses 签字; a signature outside the roster or before its hour is asked for a reason first.
async function sign(dialog: Locator): Promise<void> {
  const reason = dialog.getByLabel('原因', { exact: true })
  await dialog.getByRole('button', { name: '签字' }).click()
  await expect.poll(async () => (await reason.isVisible()) || (await dialog.isHidden())).toBe(true)
  if (await dialog.isHidden()) return
  await reason.fill('提前交接，演练')
  await dialog.getByRole('button', { name: '签字' }).click()
  await expect(dialog).toBeHidden()
}

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
  const item = page.getByRole('region', { name: '未结事项' }).getByRole('listitem').filter({ hasText: text })
  await expect(item).toContainText('陈值班')
  await expect(page.getByLabel('对方单位、姓名')).toBeFocused()

  const shift = page.getByRole('region', { name: '本班' })
  const no = Number(/第 (\d+) 班/.exec(await shift.innerText())?.[1])
  await shift.getByRole('button', { name: '交班签字' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: '交班小结' }).fill('盯住吕四港泊位')
  const sure = dialog.getByLabel(/仍要签字/) // asked when the shift ends only later
  if (await sure.isVisible()) await sure.check()
  await dialog.getByLabel('登录密码').fill(demo.duty.password)
  await sign(dialog)
  await expect(shift).toContainText('陈值班 已交班签字')

  // The next officer signs at the same screen and takes over what is open.
  await shift.getByRole('button', { name: '接班签字' }).click()
  await expect(dialog).toContainText('盯住吕四港泊位')
  await expect(dialog).toContainText(text)
  await dialog.getByLabel('接班人用户名').fill('liming')
  await dialog.getByLabel('登录密码').fill(demo.duty.password)
  await sign(dialog)
  await expect(shift).toContainText(`第 ${no + 1} 班`)
  await expect(item).toContainText('李明')
  await expect(page.getByRole('region', { name: '历次交接' }).getByRole('listitem').filter({ hasText: `#${no}` })).toContainText('陈值班 → 李明')
})
