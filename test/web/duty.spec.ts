// The roster in a real browser: who is on duty on every screen, a month edited by keyboard and signed, shifts
// on a phone, and a board without a login.
import { expect, login, test } from './demo'

function nextMonth(): string {
  const at = new Date(Date.now() + 8 * 3_600_000)
  at.setUTCDate(1)
  at.setUTCMonth(at.getUTCMonth() + 1)
  return at.toISOString().slice(0, 7)
}

test('a month is edited by keyboard, checked while it is, and signed', async ({ page, demo }) => {
  await login(page, demo, demo.admin)
  await expect(page.getByRole('button', { name: /^值班 .+ 带班 / })).toBeVisible()
  await page.goto(`${demo.url}/more/duty?month=${nextMonth()}`)
  const grid = page.getByRole('grid', { name: '值班表' })
  const row = (day: string) => grid.getByRole('row').filter({ hasText: new RegExp(`-${day} `) })
  const cell = (day: string) => row(day).getByRole('gridcell').first()
  const before = await cell('10').innerText()
  // Whom the rotation has on these days moves with the date: somebody who is free takes the cell.
  const near = await Promise.all(['09', '10', '11'].map((day) => row(day).innerText()))
  const free = ['周敏', '赵强', '李明', '孙伟', '王芳', '钱静', '陈值班'].find((name) => !near.some((line) => line.includes(name)))!

  // Enter opens the cell, typing finds a person, Enter takes the first and goes on to the next day.
  await cell('10').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.type(free)
  await page.keyboard.press('Enter')
  await expect(cell('10')).toHaveText(new RegExp(`^${free}`))
  await expect(cell('11')).toBeFocused()
  await page.keyboard.press('Delete')
  await expect(cell('11')).toHaveText(/^—/)
  await expect(cell('11')).toHaveAttribute('title', /缺人/)
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+z')
  await expect(cell('10')).toHaveText(before)
  await page.keyboard.press('Control+y')
  await page.keyboard.press('Control+y')
  await page.getByRole('button', { name: '保存（2）' }).click()
  await expect(page.getByText('已保存 2 格')).toBeVisible()
  const issues = page.getByRole('region', { name: '检查' })
  await expect(issues.getByRole('button').filter({ hasText: '缺人' })).toBeVisible()

  // The gap keeps the month from being signed without a reason.
  await page.getByRole('button', { name: '签发' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('再次输入登录密码').fill(demo.admin.password)
  await expect(dialog.getByRole('button', { name: '签字' })).toBeDisabled()
  await dialog.getByLabel('原因').fill('当日由市局代值')
  await dialog.getByRole('button', { name: '签字' }).click()
  await expect(page.getByText(/于 .+ 签发/)).toBeVisible()
  await expect(issues.getByText(/已签字说明：当日由市局代值/)).toBeVisible()
})

test('a name is dragged into a cell', async ({ page, demo }) => {
  await login(page, demo, demo.admin)
  await page.goto(`${demo.url}/more/duty?month=${nextMonth()}`)
  const cell = page.getByRole('grid').getByRole('row').filter({ hasText: /-20 / }).getByRole('gridcell').nth(2)
  await page.getByRole('region', { name: '人员' }).getByRole('listitem').filter({ hasText: '李明' }).dragTo(cell)
  await expect(cell).toHaveText(/^李明/)
  await page.getByRole('button', { name: '撤销', exact: true }).click()
  await expect(cell).not.toHaveText(/李明/)
})

test('an officer sees their own shifts on a phone and asks for a swap', async ({ page, demo }) => {
  await login(page, demo, demo.duty)
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(`${demo.url}/more/duty/mine`)
  const mine = page.getByRole('region', { name: '我的班' })
  await mine.getByRole('button', { name: '换班' }).nth(1).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('换给谁').selectOption({ label: '王芳 值班员' })
  await dialog.getByRole('button', { name: '提出换班' }).click()
  await expect(dialog).toBeHidden()
  await page.goto(`${demo.url}/more/duty/swaps`)
  await expect(page.getByText('陈值班 → 王芳').first()).toBeVisible()
  await expect(page.getByText('待对方同意').first()).toBeVisible()
})

test('a public board shows the duty phone without a login, and no name', async ({ page, demo, browser }) => {
  await login(page, demo, demo.admin)
  await page.goto(`${demo.url}/more/duty/links`)
  await page.getByLabel('给谁用').fill('政府网站')
  await page.getByRole('button', { name: '生成地址' }).click()
  const address = await page.getByLabel('地址只显示这一次').inputValue()
  const stranger = await browser.newPage()
  await stranger.goto(address)
  await expect(stranger.getByText('0513-0000-0000')).toBeVisible()
  await expect(stranger.getByText('在岗').first()).toBeVisible()
  await expect(stranger.getByText('陈值班')).toHaveCount(0)
  await page.getByRole('listitem').filter({ hasText: '政府网站' }).first().getByRole('button', { name: '撤销' }).click()
  await expect(page.getByRole('listitem').filter({ hasText: '政府网站' })).toHaveCount(0)
  await stranger.reload()
  await expect(stranger.getByText('这个地址无效，或已撤销。')).toBeVisible()
  await stranger.close()
})
