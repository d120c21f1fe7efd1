// A roll-call in a real browser: the city calls at will, the county's desk hears it on whatever page it sits and answers
// by one key, and the city's board shows who did and when.
import { beeps, desk, enter, expect, listen, test } from './demo'

test('the city calls, the county answers by one key, the board shows when', async ({ page, demo, browser }) => {
  const county = await desk(browser)
  await listen(county)
  await enter(county, demo, demo.county, '/more/clocks')
  await county.getByRole('heading', { name: /时限/ }).click() // a browser gives sound once the page was touched
  await enter(page, demo, demo.duty, '/more/rollcall')
  const name = `抽查 ${Date.now() % 10_000}`

  const start = page.getByRole('region', { name: '发起查岗' })
  await start.getByLabel('名称').fill(name)
  await start.getByLabel('如东县应急管理局').check()
  await start.getByLabel('带班领导').check()
  await start.getByRole('button', { name: '开始查岗' }).click()
  const call = page.getByRole('region', { name: '查岗', exact: true }).locator('section').filter({ hasText: name })
  await expect(call).toContainText('已应答 0 / 2')
  await expect(start.getByLabel('名称')).toHaveValue('')

  // It stands over the county's page and rings. The leader's post is not the officer's to answer.
  const asked = county.getByRole('alertdialog', { name: '上级查岗' })
  await expect(asked.getByRole('listitem')).toHaveCount(2)
  await expect(asked).toContainText('由当班领导本人应答')
  await expect(asked.getByRole('button', { name: /在岗，应答/ })).toHaveCount(1)
  await expect.poll(() => beeps(county)).toBeGreaterThan(0)
  await county.keyboard.press('F9')
  // What is left is for the leader: a line that covers nothing, put aside by one key, also after a reload.
  await expect(asked).toBeHidden()
  const left = county.getByRole('status').filter({ hasText: '由当班领导本人应答' })
  await expect(left).toContainText('带班领导')
  await county.keyboard.press('Shift+F9')
  await expect(left).toBeHidden()
  await county.reload()
  await expect(county.getByRole('heading', { name: /时限/ })).toBeVisible()
  await expect(left).toBeHidden()

  // The board shows it without a reload, and its clock is closed; what the telephone found of the leader closes the call.
  await expect(call).toContainText('已应答 1 / 2')
  const row = (tier: string) => call.getByRole('listitem').filter({ hasText: tier })
  await expect(row('值班员')).toContainText('按时应答')
  await expect(row('值班员')).toContainText(/许超 \d\d:\d\d:\d\d/)
  await expect(row('值班员')).toContainText('100')
  await expect(county.getByRole('row').filter({ hasText: name })).toHaveCount(1)
  await row('带班领导').getByRole('button', { name: '电话查到' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '记下' }).click()
  await expect(call).toContainText('已应答 2 / 2')
  await expect(row('带班领导')).toContainText('80')
  await county.context().close()
})
