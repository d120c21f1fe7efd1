// A plan in a real browser: its text comes from a Word document, the check says by clause what is wrong, it goes through
// review to somebody else's approval, and comes out on paper.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Page } from '@playwright/test'
import { expect, login, test } from './demo'

const run = promisify(execFile)

// taken is the file behind a button of the outputs.
async function taken(page: Page, row: string, form: 'PDF' | 'DOCX'): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('listitem').filter({ hasText: row }).getByRole('button', { name: form, exact: true }).click()])
  return download.path()
}

async function step(page: Page, name: string, number?: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click()
  const dialog = page.getByRole('dialog')
  if (number) await dialog.getByLabel('发文字号').fill(number)
  await dialog.getByRole('button', { name, exact: true }).click()
  await expect(dialog).toBeHidden()
}

test('a plan is brought in, checked, approved by another and printed', async ({ page, browser, demo }) => {
  await login(page, demo, demo.duty)
  await page.goto(`${demo.url}/plan`)
  await page.getByRole('row').filter({ hasText: '防汛防台风应急预案' }).click()
  await page.getByRole('button', { name: '输出', exact: true }).click()
  const word = await taken(page, '全部章节', 'DOCX')

  const name = `浏览器防汛预案 ${Date.now()}`
  await page.goto(`${demo.url}/plan`)
  await page.getByRole('button', { name: '新建预案' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('名称', { exact: true }).fill(name)
  await dialog.getByLabel('类别').selectOption({ label: '水旱灾害' })
  await dialog.getByRole('button', { name: '保存' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText(name)

  // A file that is none is refused, and changes nothing.
  await page.getByRole('button', { name: '导入 XLSX' }).click()
  await dialog.locator('input[type=file]').setInputFiles({ name: 'x.xlsx', mimeType: 'application/octet-stream', buffer: Buffer.from('no workbook') })
  await expect(dialog.getByRole('alert')).toContainText('不是能读的 XLSX')
  await dialog.getByRole('button', { name: '取消' }).click()
  await expect(dialog).toBeHidden()

  await page.getByRole('button', { name: '导入 DOCX' }).click()
  await dialog.locator('input[type=file]').setInputFiles({ name: '预案.docx', mimeType: 'application/octet-stream', buffer: await readFile(word) })
  await expect(dialog.getByText('总则').first()).toBeVisible()
  await dialog.getByRole('button', { name: '采用' }).click()
  await expect(page.getByLabel('章节标题').first()).toHaveValue('总则')

  await page.getByRole('button', { name: '级别', exact: true }).click()
  await page.getByRole('button', { name: '加一级' }).click()
  await page.getByRole('textbox', { name: '启动条件' }).fill('水位超警戒')
  await page.getByRole('button', { name: '行动', exact: true }).click()
  await page.getByRole('button', { name: '加一个行动' }).click()
  await page.getByLabel('行动', { exact: true }).fill('电话报告')
  await page.getByRole('button', { name: '角色', exact: true }).click()
  await page.getByRole('button', { name: '加一个角色' }).click()
  await page.getByLabel('名称', { exact: true }).fill('值班室')
  await page.getByLabel('由谁担任').selectOption({ label: '单位' })
  await page.keyboard.press('Control+s')
  await page.getByRole('button', { name: /^检查/ }).click()
  const fault = page.getByRole('button', { name: /行动“电话报告”没有责任角色/ })
  await expect(fault).toContainText('必须改正')

  // The fault leads to where it is mended.
  await fault.click()
  await page.getByLabel('责任角色').selectOption({ label: '值班室' })
  await expect(page.getByRole('checkbox', { name: 'Ⅳ' })).toBeChecked()
  await expect(page.getByRole('checkbox', { name: 'Ⅲ' })).not.toBeChecked()
  await page.getByLabel('条款').selectOption({ index: 1 })
  await page.keyboard.press('Control+s')
  await page.getByRole('button', { name: /^检查/ }).click()
  await expect(fault).toBeHidden()
  await expect(page.getByText('必须改正')).toBeHidden()
  await expect(page.getByRole('status').filter({ hasText: '已自动保存' })).toBeVisible()

  await step(page, '征求意见')
  await step(page, '提交评审')
  await step(page, '提交审批')
  await expect(page.getByRole('button', { name: '批准发布' })).toBeHidden()
  const address = page.url().replace(/\?.*$/, '')

  const leader = await browser.newPage()
  await login(leader, demo, demo.admin)
  await leader.goto(address)
  await step(leader, '批准发布', '通浏〔2026〕1 号')
  await expect(leader.getByText('第 1 版').first()).toBeVisible()
  await leader.getByRole('button', { name: '输出', exact: true }).click()
  const pdf = await taken(leader, '全部章节', 'PDF')
  const { stdout } = await run('pdftotext', ['-layout', pdf, '-'])
  const text = stdout.replaceAll(/\s/g, '')
  for (const want of [name.replaceAll(' ', ''), '通浏〔2026〕1号', '总则', '电话报告']) expect(text).toContain(want)
  await leader.goto(`${demo.url}/plan`)
  const [download] = await Promise.all([leader.waitForEvent('download'), leader.getByRole('button', { name: '简本汇编 PDF' }).click()])
  const all = await run('pdftotext', ['-layout', await download.path(), '-'])
  expect(all.stdout.replaceAll(/\s/g, '')).toContain('防汛防台风应急预案')
  await leader.close()
})
