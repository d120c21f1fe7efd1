// A call that becomes an incident and its first report, with the keyboard alone.
import type { Page } from '@playwright/test'
import { expect } from './demo'

export interface Call {
  unit: string
  caller: string
  phone: string
  place: string
  text: string
}

// receive writes the call down in the inbox that is open, and opens an incident of it.
export async function receive(page: Page, call: Call): Promise<void> {
  await expect(page.getByLabel('报告单位').first()).toBeFocused()
  const keys = page.keyboard
  await keys.type(call.unit)
  await keys.press('Tab')
  await keys.type(call.caller)
  await keys.press('Tab')
  await keys.type(call.phone)
  await keys.press('Tab')
  await keys.press('Tab')
  await keys.type(call.place)
  const said = page.getByRole('textbox', { name: '发生了什么' }) // past the map, the division and the category
  for (let n = 0; n < 6 && !(await said.evaluate((e) => e === document.activeElement)); n++) await keys.press('Tab')
  await keys.type(call.text)
  await keys.press('Alt+Enter') // asks the category first
  await keys.press('ArrowDown')
  await keys.press('Enter')
  await expect(page.getByRole('region', { name: '报告与批示' })).toBeVisible()
}

// first writes the first report of the incident that is open and sends it; nobody has graded it yet. beyond says to whom
// it went and how, where no desk stands above; also is done in the form before it leaves.
export async function first(page: Page, title: string, measures: string, signer: string, beyond = '', also = async (): Promise<void> => {}): Promise<void> {
  const keys = page.keyboard
  await keys.press('b')
  await expect(page.getByRole('form', { name: `${title}（初报）` })).toBeVisible()
  // The draft opens at what is missing, and F8 goes from one to the next.
  const focused = () => page.evaluate(() => document.activeElement?.closest('label')?.textContent ?? '')
  await expect.poll(focused).toContain('还缺')
  for (let n = 0; n < 12 && !(await focused()).includes('已采取的措施'); n++) await keys.press('F8')
  await keys.type(measures)
  await also()
  await expect(page.getByText(/^已保存/)).toBeVisible()
  await keys.press('Control+Enter')
  // A report that nobody graded is asked before it leaves.
  await expect(page.getByLabel(/还没有定级/)).toBeFocused()
  await keys.press('Space')
  await keys.press('Tab')
  await sign(page, signer, beyond)
}

// sign names who has agreed, in the dialog that is open, and sends.
export async function sign(page: Page, signer: string, beyond = ''): Promise<void> {
  await expect(page.getByLabel('签发人（已口头或电话同意）')).toBeFocused()
  await page.keyboard.type(signer)
  if (beyond) await page.getByLabel(/^报给谁/).fill(beyond)
  await page.keyboard.press('Enter')
  await expect(page.getByText(beyond ? '对外报出' : '已送达').first()).toBeVisible()
}
