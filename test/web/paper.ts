// An official document that is open: who may signs it, and what was signed is fetched.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { expect, type Login } from './demo'

// sign gives the password of somebody who may sign, and is signed in on the page.
export async function sign(page: Page, who: Login): Promise<void> {
  await page.getByRole('button', { name: '签发', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('登录密码').fill(who.password)
  await dialog.getByRole('button', { name: '签发', exact: true }).click()
  await expect(page.getByRole('region', { name: '签发与文件' })).toContainText('已签发')
}

// fetched downloads a file and finds it to be the one whose sum the page shows.
export async function fetched(page: Page, kind: 'DOCX' | 'PDF'): Promise<{ file: string; head: string }> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: `下载 ${kind}` }).click()])
  expect(decodeURIComponent(download.suggestedFilename())).toContain(kind.toLowerCase())
  const file = await download.path()
  const bytes = await readFile(file)
  await expect(page.getByLabel(`${kind} 的 SHA-256`)).toHaveValue(createHash('sha256').update(bytes).digest('hex'))
  return { file, head: bytes.subarray(0, 4).toString('latin1') }
}
