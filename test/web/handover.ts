// Handing a desk over, at one screen: the outgoing officer signs, then the one who relieves them.
import { expect, type Login } from './demo'
import type { Locator, Page } from '@playwright/test'

export const shift = (page: Page): Locator => page.getByRole('region', { name: '本班' })
export const openItems = (page: Page): Locator => page.getByRole('region', { name: '未结事项' }).getByRole('listitem')

// sign presses 签字; a signature outside the roster or before its hour is asked for a reason first.
async function sign(dialog: Locator): Promise<void> {
  const reason = dialog.getByLabel('原因', { exact: true })
  if (await reason.isVisible()) await reason.fill('提前交接，演练')
  await dialog.getByRole('button', { name: '签字' }).click()
  await expect.poll(async () => (await reason.isVisible()) || (await dialog.isHidden())).toBe(true)
  if (await dialog.isHidden()) return
  await reason.fill('提前交接，演练')
  await dialog.getByRole('button', { name: '签字' }).click()
  await expect(dialog).toBeHidden()
}

// leave is the outgoing half, by whoever is signed in.
export async function leave(page: Page, note: string, password: string): Promise<void> {
  await shift(page).getByRole('button', { name: '交班签字' }).click()
  const dialog = page.getByRole('dialog', { name: '交班签字' })
  await dialog.getByRole('textbox', { name: '交班小结' }).fill(note)
  const sure = dialog.getByLabel(/仍要签字/) // asked when the shift ends only later
  if (await sure.isVisible()) await sure.check()
  await dialog.getByLabel('登录密码').fill(password)
  await sign(dialog)
}

// take is the incoming half, after which the predecessor goes on at this screen; shown has to stand in its dialog.
export async function take(page: Page, who: Login, shown: string[]): Promise<void> {
  await shift(page).getByRole('button', { name: '接班签字' }).click()
  const dialog = page.getByRole('dialog', { name: '接班签字' })
  for (const text of shown) await expect(dialog).toContainText(text)
  await dialog.getByLabel('接班人用户名').fill(who.user)
  await dialog.getByLabel('登录密码').fill(who.password)
  await sign(dialog)
  const whose = page.getByRole('dialog', { name: '谁来用这台电脑' })
  await expect(whose).toContainText(who.user)
  await whose.getByRole('button', { name: /继续使用/ }).click()
  await expect(whose).toBeHidden()
}
