import type { Page } from '@playwright/test'
import { login, type Demo } from './demo'

// linkTo gives the address of a link by which somebody without an account watches a camera.
export async function linkTo(page: Page, demo: Demo, camera: string): Promise<string> {
  await login(page, demo, demo.duty)
  await page.goto(`${demo.url}/video/links`)
  await page.getByTestId('share').click()
  const form = page.getByTestId('share-dialog')
  await form.getByText('观看画面', { exact: true }).click()
  await form.getByLabel('给谁用').fill('省厅值班室')
  await form.getByRole('combobox').first().selectOption({ label: camera })
  await form.getByRole('button', { name: '新建链接' }).click()
  return page.getByLabel('链接地址').inputValue()
}
