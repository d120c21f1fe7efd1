// The other pages of the first release.
import { expect, login, test } from './demo'

test('a wrong password is answered with a sentence in the language of the browser', async ({ page, demo }) => {
  await page.goto(demo.url)
  await page.getByLabel('用户名').fill('zhiban')
  await page.getByLabel('密码', { exact: true }).fill('wrong')
  await page.getByRole('button', { name: '登录' }).click()
  await expect(page.getByRole('alert')).toContainText(/[一-鿿]/)
})

test('a technician registers a terminal and sees its QR code once', async ({ page, demo }) => {
  await login(page, demo, demo.admin)
  await page.getByRole('navigation').getByRole('link', { name: /更多/ }).click()
  await expect(page.getByText('edge-rudong').first()).toBeVisible()
  await page.getByRole('button', { name: '登记设备' }).first().click()
  const dialog = page.getByRole('dialog')
  const id = `edge-test-${Date.now() % 100_000}`
  await dialog.locator('input[name=device-id]').fill(id)
  await dialog.locator('input[name=device-name]').fill('海安测试终端')
  await dialog.getByRole('button', { name: '登记', exact: true }).click()
  await expect(dialog.getByRole('img', { name: '入网二维码' })).toBeVisible()
  await expect(dialog.getByLabel('终端命令')).toHaveValue(/^sudo -u fengsui-edge fengsui-edge enrol --server http\S+ --ca-sha256 [0-9a-f]{64} --token \S+$/)
  await expect(dialog.getByText(/只有中心这台机器打得开/)).toBeVisible()
  await dialog.getByRole('button', { name: '完成' }).click()
  await expect(page.getByText(id).first()).toBeVisible()
})

test('the page of an enrolment QR code shows a phone without login the command, and an altered one nothing', async ({ page, demo }) => {
  const asked: string[] = []
  page.on('request', (r) => asked.push(r.url()))
  await page.setViewportSize({ width: 390, height: 844 })
  const token = 'ab'.repeat(20)
  const until = new Date(Date.now() + 3_600_000).toISOString()
  await page.goto(`${demo.url}/enrol#edge=edge-1&token=${token}&ca=${'cd'.repeat(32)}&until=${encodeURIComponent(until)}`)
  await expect(page.getByLabel('终端命令')).toHaveValue(`sudo -u fengsui-edge fengsui-edge enrol --server ${demo.url} --ca-sha256 ${'cd'.repeat(32)} --token ${token}`)
  await expect(page.getByText('id: edge-1')).toBeVisible()
  expect(asked.filter((url) => url.includes('/api/') && url.includes(token))).toEqual([])
  await page.goto(`${demo.url}/enrol#edge=edge-1&token=${encodeURIComponent('$(reboot)')}&ca=x&until=${until}`)
  await page.reload()
  await expect(page.getByText(/链接不完整或被改动过/)).toBeVisible()
  await expect(page.getByLabel('终端命令')).toHaveCount(0)
})

test('an administrator sees the users and a duty officer does not', async ({ page, demo }) => {
  await login(page, demo, demo.admin)
  await page.goto(`${demo.url}/more/users`)
  await expect(page.getByText('zhiban').first()).toBeVisible()
  await page.getByRole('button', { name: '退出' }).click()
  await login(page, demo, demo.duty)
  await page.goto(`${demo.url}/more/users`)
  await expect(page.getByText('您的角色不能查看这一页')).toBeVisible()
})

test('the language is switched with one click and stays', async ({ page, demo }) => {
  await login(page, demo, demo.duty)
  await page.getByRole('button', { name: '切换到英文' }).click()
  await expect(page.getByRole('heading', { name: 'Needs me now' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Needs me now' })).toBeVisible()
  expect(await page.locator('html').getAttribute('lang')).toBe('en')
})
