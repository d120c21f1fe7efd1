// Official documents in a real browser: the duty table of the month is made in one click, looked at and signed; the brief
// of the day takes a number, is signed and stands in the register; the files are those that were signed.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, login, test } from './demo'
import { fetched, sign } from './paper'

const run = promisify(execFile)

test('the duty table of the month and the brief of the day leave the house as documents', async ({ page, demo }) => {
  await login(page, demo, demo.admin)
  await page.goto(`${demo.url}/more/duty`)
  await page.getByRole('button', { name: '生成公文' }).click()
  await expect(page).toHaveURL(/\/more\/papers\/[0-9a-f-]+$/)
  const first = page.getByRole('img', { name: /，第 1 页/ })
  await expect(first).toContainText('月值班表')
  await expect(first).toContainText('值班员')

  // What is typed is seen on the page before it is kept.
  await page.getByLabel('主送机关').fill('各县（市、区）值班室')
  await expect(first).toContainText('各县（市、区）值班室：')
  await page.keyboard.press('Control+s')
  await expect(page.getByRole('button', { name: /^保存/ })).toBeDisabled()
  await sign(page, demo.admin)
  const pdf = await fetched(page, 'PDF')
  expect(pdf.head).toBe('%PDF')
  const { stdout } = await run('pdftotext', ['-layout', pdf.file, '-'])
  expect(stdout.replaceAll(/\s/g, '')).toContain('各县（市、区）值班室：')
  expect(stdout.replaceAll(/\s/g, '')).toMatch(/\d{4}年\d{1,2}月值班表/)
  const docx = await fetched(page, 'DOCX')
  expect(docx.head).toBe('PK\x03\x04')

  // The same table is not made twice.
  const address = page.url()
  await page.goto(`${demo.url}/more/duty`)
  await page.getByRole('button', { name: '生成公文' }).click()
  await expect(page).toHaveURL(address)

  await page.goto(demo.url)
  await page.getByRole('button', { name: '值班快报' }).click()
  await expect(first).toContainText('值班快报')
  await expect(first).toContainText('洋口镇政府')
  await page.getByRole('button', { name: '取发文字号' }).click()
  const step = page.getByRole('list', { name: '状态' }).getByText(/演示值〔\d{4}〕\d+号/)
  await expect(step).toBeVisible()
  const number = /演示值〔\d{4}〕\d+号/.exec(await step.innerText())![0]
  await expect(first).toContainText(number)
  await sign(page, demo.admin)

  await page.goto(`${demo.url}/more/papers?view=register`)
  await expect(page.getByRole('row').filter({ hasText: number })).toContainText('已签发')
  await expect(page.getByRole('row').filter({ hasText: '与上级检查安排重复' })).toContainText('作废')
  await expect(page.getByRole('list', { name: '各代字小计' })).not.toContainText('缺号：')
})
