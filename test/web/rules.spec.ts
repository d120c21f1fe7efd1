// The alarm rules: a leader changes a limit after trying it, and the desk and the terminal follow.
import { expect, leaveAsFound, login, picture, test } from './demo'

test('a limit is tried on history, published with a reason, raises its alarm and is taken back', async ({ page, demo }) => {
  test.setTimeout(180_000)
  await demo.hold('rd-level-1', { water_level: 4.1 })
  await demo.hold('rd-level-2', { water_level: 4.6 })
  await login(page, demo, demo.admin)
  await page.goto(`${demo.url}/monitor?view=rules&q=water-level-warning`)
  await page.getByRole('button', { name: '水位超警戒(演示值)' }).click()
  const limit = page.locator('input[name=rule-limit]')
  await expect(limit).toHaveValue('5.2')
  await limit.fill('4.5')
  await expect(page.getByText('解除值应不高于限值').first()).toBeVisible()
  await page.locator('input[name=rule-clear]').fill('4.4')
  await page.getByRole('button', { name: '用近 30 天数据试算' }).click()
  await expect(page.getByRole('heading', { name: /台设备，会有 [1-9]\d* 次告警/ })).toBeVisible()
  await picture(page, 'rules')

  await page.getByRole('button', { name: '发布…' }).click()
  const dialog = page.getByRole('dialog')
  const publish = dialog.getByRole('button', { name: '发布', exact: true })
  await expect(dialog.getByText('写明原因')).toBeVisible()
  await dialog.getByLabel('原因（留痕）').fill('汛期下调限值')
  await publish.click()
  // The terminal says itself that it judges by it.
  await expect(page.getByRole('listitem').filter({ hasText: '洋口闸终端' }).getByText('已生效')).toBeVisible({ timeout: 60_000 })

  await page.goto(`${demo.url}/monitor?view=alarms`)
  const alarm = page.getByRole('row').filter({ hasText: '水位超警戒' }).filter({ hasText: '岔河闸水位' })
  await expect(alarm.first()).toBeVisible()

  await page.goto(`${demo.url}/monitor?view=rules&rule=water-level-warning`)
  await page.getByRole('button', { name: '版本', exact: true }).click()
  await expect(page.getByText('汛期下调限值')).toBeVisible()
  await page.getByRole('listitem').filter({ hasText: '随程序发布' }).getByRole('button', { name: '回到这一版…' }).click()
  await dialog.getByLabel('原因（留痕）').fill('恢复原限值')
  await dialog.getByRole('button', { name: '发布为新版本' }).click()
  await expect(limit).toHaveValue('5.2')
  await expect(page.getByText('恢复原限值')).toBeVisible()
  await demo.hold('rd-level-2', { water_level: null })
  // The desk is left as it was found. A terminal that still judges by the lower limit would ring after that.
  const terminals = async () => ((await (await page.request.get(`${demo.url}/api/v1/rulebook/water-level-warning`)).json()) as { terminals: { edge: string; state: string }[] }).terminals.filter((one) => one.state === 'waiting').map((one) => one.edge)
  await expect.poll(terminals, { timeout: 60_000 }).toEqual([])
  await leaveAsFound(page)
})
