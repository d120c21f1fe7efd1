// Links: a phone sends its camera without an account, a guest watches it without an account, and both end with the link.
import { expect, test } from './demo'

test('a phone sends by a link, a guest watches by another, and both end with it', async ({ page, demo, browser }) => {
  await page.goto(`${demo.url}/login?next=/video/links`)
  await page.getByLabel('用户名').fill(demo.duty.user)
  await page.getByLabel('密码', { exact: true }).fill(demo.duty.password)
  await page.getByRole('button', { name: '登录' }).click()

  const make = async (title: string, watch?: string): Promise<string> => {
    await page.getByTestId('share').click()
    const form = page.getByTestId('share-dialog')
    if (watch) await form.getByText('观看画面', { exact: true }).click()
    await form.getByLabel('给谁用').fill(title)
    if (watch) await form.getByRole('combobox').first().selectOption({ label: watch })
    await form.getByRole('button', { name: '新建链接' }).click()
    const address = await page.getByLabel('链接地址').inputValue()
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/shared-${watch ? 'watch' : 'send'}.png` })
    await page.getByRole('button', { name: '完成' }).click()
    return address
  }
  const toSend = await make('抢险一队手机')
  expect(new URL(toSend).hash).not.toBe('')

  const phone = await (await browser.newContext({ viewport: { width: 412, height: 860 }, locale: 'zh-CN' })).newPage()
  await phone.goto(toSend)
  await phone.getByTestId('send').click()
  await expect(phone.getByTestId('field')).toHaveAttribute('data-state', 'ready')

  const toWatch = await make('市政府总值班室', '抢险一队手机')
  const guest = await (await browser.newContext({ locale: 'zh-CN' })).newPage()
  await guest.goto(toWatch)
  await expect(guest.getByTestId('watch')).toHaveAttribute('data-phase', 'live')
  await expect(phone.getByTestId('field')).toHaveAttribute('data-state', 'sending')
  await expect.poll(async () => Number(await guest.getByTestId('watch').getAttribute('data-frames'))).toBeGreaterThan(10)

  // A second phone is told, and may take over.
  const second = await (await browser.newContext({ viewport: { width: 412, height: 860 }, locale: 'zh-CN' })).newPage()
  await second.goto(toSend)
  await second.getByTestId('send').click()
  await expect(second.getByRole('alert')).toContainText('已有人在发送')
  await expect(second.getByTestId('send')).toHaveText('接管发送')
  if (process.env.SHOTS) {
    await phone.screenshot({ path: `${process.env.SHOTS}/phone.png` })
    await second.screenshot({ path: `${process.env.SHOTS}/second.png` })
    await guest.screenshot({ path: `${process.env.SHOTS}/guest.png` })
  }

  // It stands among the cameras.
  await page.getByRole('link', { name: '视频', exact: true }).last().click()
  await page.getByTestId('camera-row').filter({ hasText: '抢险一队手机' }).click()
  const tile = page.getByTestId('scene').filter({ hasText: '抢险一队手机' })
  await expect(tile).toHaveAttribute('data-phase', 'live')
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/video.png` })

  await page.getByRole('link', { name: '链接', exact: true }).click()
  const row = page.getByRole('row').filter({ hasText: '抢险一队手机' }).filter({ hasText: '发送画面' })
  await expect(row).toContainText('使用中 1')
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/links.png` })
  await row.getByTestId('end-link').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').fill('抢险一队手机')
  await dialog.getByRole('button', { name: '停用' }).click()
  await expect(row).toContainText('已停用')
  await expect(phone.getByRole('alert')).toContainText('这个链接已被停用')
  await expect(guest.getByTestId('watch')).not.toHaveAttribute('data-phase', 'live')
  await guest.goto(toWatch.slice(0, -4))
  await expect(guest.getByRole('status')).toContainText('链接不完整')
  for (const one of [phone, second, guest]) await one.context().close()
})
