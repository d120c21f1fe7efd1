// What an incident taught, in a real browser: its review from the record alone, a lesson with its proof, and the case
// that is found again.
import { enter, expect, test } from './demo'

test('a finished incident is reviewed, teaches something and is found in the library', async ({ page, demo }) => {
  const headers = { Origin: demo.url }
  await enter(page, demo, demo.duty, '/incident/cases')
  // The demonstration has one already, with its times and lessons.
  await page.getByRole('row').filter({ hasText: '吕四港外渔船失去动力（演示）' }).getByRole('link').first().click()
  await expect(page.getByRole('region', { name: '响应时效' }).getByRole('row').filter({ hasText: '首次到场' })).toContainText('吕四水上救援队（演示）')
  await expect(page.getByRole('region', { name: '改进事项' }).getByText('已销号')).toBeVisible()

  const title = `泵站停电 ${Date.now() % 10_000}`
  const opened = await page.request.post(`${demo.url}/api/v1/incidents`, { headers, data: { title, category: 'natural.flood', place: '汇龙镇泵站', level: 4 } })
  const { id } = (await opened.json()) as { id: string }
  await page.goto(`${demo.url}/incident/${id}/review`)
  await expect(page.getByText('没有按预案下达的任务')).toBeVisible()
  await page.getByLabel('经过').fill('泵站停电两小时，启用备用电源。')
  await page.getByLabel('问题和原因').fill('备用电源没有定期试机。')
  await page.getByRole('button', { name: '开始复盘' }).click()
  await expect(page.getByText('进行中')).toBeVisible()
  const add = page.getByRole('form', { name: '加入' })
  await add.getByLabel('要改什么').fill('备用电源每月试机')
  await add.getByLabel('责任人').fill('王工')
  await add.getByLabel('期限').fill(new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10))
  await add.getByRole('button', { name: '加入' }).click()
  const lesson = page.getByRole('region', { name: '改进事项' }).getByRole('listitem').filter({ hasText: '备用电源每月试机' })
  await expect(lesson).toContainText('未完成')
  await lesson.getByLabel('完成证据').fill('十一月试机记录')
  await lesson.getByRole('button', { name: '销号' }).click()
  await expect(lesson).toContainText('已销号')

  // It is concluded only when the incident is over, and says so.
  await page.getByRole('button', { name: '完成复盘并入库' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  expect((await page.request.post(`${demo.url}/api/v1/incidents/${id}/state`, { headers, data: { to: 'closed', why: '恢复供电' } })).ok()).toBe(true)
  await page.reload()
  await page.getByRole('button', { name: '完成复盘并入库' }).click()
  await expect(page.getByText('已入案例库')).toBeVisible()
  await page.goto(`${demo.url}/incident/cases`)
  await page.getByRole('searchbox').or(page.getByPlaceholder(/筛选/)).first().fill('试机')
  await expect(page.getByRole('row').filter({ hasText: title })).toBeVisible()
  await expect(page.getByRole('row').filter({ hasText: '渔船' })).toHaveCount(0)
})
