// An exercise in a real browser: it is planned, started, a line of its script arrives, everything inside says that it is
// one, nothing of it stands at the real desk, and it ends with a report and something to improve.
import { desk, enter, expect, test } from './demo'

test('an exercise is played, stays inside, and leaves a report and an improvement', async ({ page, demo, browser }) => {
  await page.setViewportSize({ width: 1366, height: 768 })
  await enter(page, demo, demo.duty, '/plan/drills/new')
  const name = `浏览器推演 ${Date.now() % 10_000}`
  await page.getByLabel('演练名称').fill(name)
  await page.getByRole('group', { name: '参演单位' }).getByLabel('如东县应急管理局').check()
  const line = page.getByRole('region', { name: '第 1 行' })
  await line.getByLabel('怎样下达').selectOption('manual')
  await line.getByLabel('情况', { exact: true }).fill('110 来电')
  await line.getByLabel('告诉参演单位的内容').fill('河堤冒水')
  await page.getByRole('button', { name: '保存' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText(name)
  await page.getByRole('button', { name: '开始演练' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '开始演练' }).click()
  await expect(page.getByRole('button', { name: '下达下一条' })).toBeVisible()

  // The county goes in, and sees the mark on every screen.
  const county = await desk(browser)
  await enter(county, demo, demo.county, '/plan/drills')
  await county.getByRole('row').filter({ hasText: name }).click()
  await page.getByRole('button', { name: '下达下一条' }).click()
  await expect(county.getByText('【演练】110 来电')).toBeVisible()
  await county.getByRole('button', { name: '进入演练' }).click()
  await expect(county.getByText('正在演练')).toBeVisible()
  await expect(county.locator('html')).toHaveAttribute('data-exercise', '')
  const title = `演练管涌 ${Date.now() % 10_000}`
  const opened = await county.request.post(`${demo.url}/api/v1/incidents`, {
    headers: { Origin: demo.url, 'Fengsui-Exercise': new URL(page.url()).pathname.split('/').pop() ?? '' },
    data: { title, category: 'natural.flood', place: '洋口镇海堤', level: 4 },
  })
  expect(opened.ok()).toBe(true)
  await county.goto(`${demo.url}/incident`)
  await expect(county.getByRole('row').filter({ hasText: title })).toBeVisible()
  await expect(county.getByText('正在演练')).toBeVisible()

  // At the real desks there is nothing of it.
  const real = await desk(browser)
  await enter(real, demo, demo.county, '/incident')
  await expect(real.getByRole('row').nth(1)).toBeVisible()
  await expect(real.getByText(title)).toHaveCount(0)
  await real.context().close()
  await county.getByRole('button', { name: '退出演练' }).click()
  await expect(county.getByText('正在演练')).toBeHidden()
  await county.context().close()

  await page.getByRole('button', { name: '结束演练' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '结束演练' }).click()
  const [report] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '评估报告 PDF' }).click()])
  expect(report.suggestedFilename()).toContain(name)
  await page.getByRole('button', { name: '自动测量' }).click()
  await expect(page.getByRole('region', { name: '自动测量' })).toContainText('到登记事件')
  await page.getByRole('button', { name: '改进事项' }).click()
  await page.getByLabel('要改进什么').fill('补充沙袋')
  await page.getByLabel('期限').fill('2027-12-31')
  await page.getByRole('button', { name: '加一项' }).click()
  await expect(page.getByRole('listitem').filter({ hasText: '补充沙袋' })).toContainText('未完成')
})
