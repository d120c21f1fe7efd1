// Handing a desk over, at one screen: the outgoing officer signs, then the one who relieves them.
import { expect, type Login } from './demo'
import type { Locator, Page } from '@playwright/test'

export const shift = (page: Page): Locator => page.getByRole('region', { name: '本班' })
export const openItems = (page: Page): Locator => page.getByRole('region', { name: '未结事项' }).getByRole('listitem')

const asksWhose = (page: Page): Locator => page.getByRole('dialog', { name: '谁来用这台电脑' })

// sign presses 签字; a signature outside the roster or before its hour is asked for a reason, some of them only then.
async function sign(dialog: Locator): Promise<void> {
  const reason = dialog.getByLabel('原因', { exact: true })
  const asked = await reason.isVisible()
  if (asked) await reason.fill('提前交接，演练')
  await dialog.getByRole('button', { name: '签字' }).click()
  if (!asked) {
    await expect.poll(async () => (await reason.isVisible()) || (await dialog.isHidden())).toBe(true)
    if (await dialog.isHidden()) return
    await reason.fill('提前交接，演练')
    await dialog.getByRole('button', { name: '签字' }).click()
  }
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

// take is the incoming half; shown has to stand in its dialog. Then the screen asks whose it is.
export async function take(page: Page, who: Login, shown: string[]): Promise<void> {
  await shift(page).getByRole('button', { name: '接班签字' }).click()
  const dialog = page.getByRole('dialog', { name: '接班签字' })
  for (const text of shown) await expect(dialog).toContainText(text)
  await dialog.getByLabel('接班人用户名').fill(who.user)
  await dialog.getByLabel('登录密码').fill(who.password)
  await sign(dialog)
  await expect(asksWhose(page)).toBeVisible()
}

// stay leaves the screen to who is signed in there.
export async function stay(page: Page): Promise<void> {
  await asksWhose(page).getByRole('button', { name: /继续使用/ }).click()
  await expect(asksWhose(page)).toBeHidden()
}

// change has who took over sign in.
export async function change(page: Page, who: Login): Promise<void> {
  await asksWhose(page).getByRole('button', { name: `请 ${who.user} 登录` }).click()
  await expect(page.getByLabel('用户名')).toHaveValue(who.user)
  await page.getByLabel('密码', { exact: true }).fill(who.password)
  await page.getByRole('button', { name: '登录' }).click()
  await expect(shift(page)).toBeVisible()
}
