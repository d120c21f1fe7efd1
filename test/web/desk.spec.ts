// The desk by keyboard: what is marked is what a key acts on.
import { expect, login, test } from './demo'

test('after the mouse and Escape, J and Enter act on the row that is marked', async ({ page, demo }) => {
  await demo.hold('rd-level-1', { water_level: 5.37 })
  await demo.hold('rd-gas-1', { ch4_lel: 31 })
  await login(page, demo, demo.duty)
  const need = page.getByRole('region', { name: '现在需要我' })
  const rows = need.getByRole('listitem')
  await expect(rows.filter({ hasText: '待确认' })).toHaveCount(2)
  // The graver alarm stands on top, whenever it came.
  await expect(rows.first()).toContainText('甲烷')
  await expect(rows.first()).toContainText('31.0 %LEL')

  await rows.first().getByRole('button', { name: /^确认/ }).click()
  const dialog = page.getByRole('dialog', { name: '确认告警' })
  await expect(dialog).toContainText('甲烷')
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await page.keyboard.press('j')
  await expect(need.locator('[aria-current=true]')).toContainText('水位')
  await expect(need.locator('[aria-current=true]')).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(dialog).toContainText('水位')
  await expect(dialog).not.toContainText('甲烷')
  await page.keyboard.press('Escape')

  await demo.hold('rd-level-1', { water_level: 4.1 })
  await demo.hold('rd-gas-1', { ch4_lel: 1 })
  for (const what of [/甲烷/, /水位/]) {
    await rows.filter({ hasText: what }).getByRole('button', { name: /^确认/ }).click()
    await page.getByRole('button', { name: /的名义确认/ }).click()
  }
  await expect(need.getByRole('button', { name: /^确认/ })).toHaveCount(0)
})

test('an address that does not exist keeps the frame', async ({ page, demo }) => {
  await login(page, demo, demo.duty)
  await page.goto(`${demo.url}/no/such/page`)
  await expect(page.getByRole('heading', { name: '没有这个页面' })).toBeVisible()
  await expect(page.getByRole('navigation').first()).toBeVisible()
  await expect(page.getByText('演示数据').first()).toBeVisible()
})
