// The whole story of an incident in a real browser: from the alarm to the incident, its first report, the plan that fits,
// a task done on a phone without a login, words spoken to the scene, a rumour judged, the situation report, the
// stand-down, the end and the after-action report as a signed document.
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Page } from '@playwright/test'
import { desk, enter, expect, leaveAsFound, login, test } from './demo'
import { fetched, sign } from './paper'
import { first } from './report'

const run = promisify(execFile)

// printed is the text of a PDF without its spaces and lines.
async function printed(file: string): Promise<string> {
  return (await run('pdftotext', ['-layout', file, '-'])).stdout.replaceAll(/\s/g, '')
}

// finish asks to end the incident that is open.
async function finish(page: Page) {
  await page.getByRole('button', { name: '更多' }).click()
  await page.getByRole('button', { name: '结束', exact: true }).click()
  return page.getByRole('dialog', { name: '结束' })
}

test('an alarm becomes an incident that is reported, commanded, stood down and reviewed', async ({ page, demo, browser }) => {
  test.setTimeout(600_000) // a minute on a quiet machine, five on one that runs a whole CI besides
  await demo.hold('rd-level-1', { water_level: 5.37 })
  await login(page, demo, demo.duty)
  await page.getByRole('region', { name: '现在需要我' }).getByRole('listitem').filter({ hasText: '水位超警戒' }).locator('button.head').click()
  await page.getByRole('button', { name: '转接报' }).click()
  const item = page.getByRole('dialog', { name: '接报' })
  const title = `洋口外闸潮位超警戒 ${Date.now() % 10_000}`
  await item.getByLabel('标题').fill(title)
  await item.getByLabel('类别').selectOption({ label: '水旱灾害' })
  await item.getByRole('button', { name: '立案' }).click()
  await item.getByRole('link', { name: '查看事件' }).click()

  // The first report leaves for the desk above, which is outside this centre.
  await expect(page.getByRole('region', { name: '报告与批示' })).toBeVisible()
  await page.locator('main').focus()
  await first(page, title, '已通知洋口镇转移闸外作业人员', '吴局', '省应急指挥中心 传真')
  await expect(page.getByRole('region', { name: '过程' })).toContainText(`${title}（初报）`)
  await page.getByRole('link', { name: '指挥室' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText(title)
  const room = page.url()

  // The plan that fits stands first, with the reason.
  await page.getByRole('button', { name: '启动预案' }).click()
  const start = page.getByRole('dialog', { name: '启动预案' })
  await expect(start.getByText('南通市防汛防台风应急预案（演示）')).toBeVisible()
  await expect(start.getByText(/推荐理由/).first()).toBeVisible()
  await start.getByLabel('响应级别').selectOption({ index: 0 })
  await start.getByLabel('下令依据').fill('吴局口头命令')
  await start.getByRole('button', { name: /^启动/ }).click()
  await expect(start).toBeHidden()
  const tasks = page.getByRole('region', { name: '任务' })
  const patrol = tasks.getByRole('button', { name: '加密巡堤查险' })
  await expect(patrol).toBeVisible()

  // On a workday nobody of the roster is on standby: the role says so, and somebody is put into it. On other days the roster
  // has somebody. Whoever it is has a page of their own.
  const seat = page.getByRole('region', { name: '岗位和人员' }).getByRole('listitem').filter({ hasText: '工程抢险组' })
  await expect(seat).toContainText(/现在无人当班|任务码/)
  if ((await seat.textContent())?.includes('现在无人当班')) {
    await seat.getByRole('button', { name: '指定人员' }).click()
    const fill = page.getByRole('dialog', { name: /指定人员/ })
    await fill.getByLabel('值班人员').selectOption({ index: 1 })
    await fill.getByRole('button', { name: '指定人员' }).click()
    await expect(fill).toBeHidden()
  }
  await seat.getByRole('button', { name: '任务码' }).click()
  const code = page.getByRole('dialog', { name: /的任务$/ })
  const address = await code.getByRole('textbox').inputValue()
  await page.keyboard.press('Escape')
  const phone = await (await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport: { width: 390, height: 844 } })).newPage()
  await phone.goto(address)
  await expect(phone.getByRole('heading', { level: 1 })).toContainText(title)
  const mine = phone.getByRole('article').filter({ hasText: '加密巡堤查险' })
  await mine.getByRole('button').first().click()
  await mine.getByRole('button', { name: '接受', exact: true }).click()
  await mine.getByRole('button', { name: '开始', exact: true }).click()
  await mine.getByLabel('情况说明').fill('三组上堤，未见险情')
  await mine.getByRole('button', { name: '完成', exact: true }).click()
  await expect(mine).toContainText('已完成')
  await phone.context().close()

  // The room has seen it without a reload, with the words and the clause.
  await expect(tasks.getByRole('listitem').filter({ hasText: '加密巡堤查险' })).toContainText('已完成')
  await patrol.click()
  const one = page.getByRole('dialog', { name: '加密巡堤查险' })
  await expect(one).toContainText('三组上堤，未见险情')
  await expect(one).toContainText(/第 1 版 · .*响应行动/)
  await page.keyboard.press('Escape')
  await expect(one).toBeHidden()

  // The scene of the incident is the one that is spoken to: the space bar is held as the button of a radio.
  const spoken = path.join(demo.data, 'edge-rudong', 'spoken.raw')
  const heard = async () => (await stat(spoken).catch(() => ({ size: 0 }))).size
  const quiet = await heard()
  await page.getByTestId('talk-open').click()
  const talk = page.getByTestId('talk-panel')
  const hold = talk.getByTestId('talk-hold')
  await expect(talk.getByRole('checkbox', { checked: true })).toHaveCount(1)
  await expect(hold).toBeEnabled()
  await page.keyboard.down(' ')
  await expect(hold).toHaveAttribute('data-state', 'speaking')
  await expect.poll(heard).toBeGreaterThan(quiet + 16_000)
  await page.keyboard.up(' ')
  await expect(hold).toHaveAttribute('data-state', 'idle')
  await talk.getByRole('button', { name: '关闭' }).click()
  await expect(page.getByRole('region', { name: '过程' }).getByRole('listitem').filter({ hasText: /喊话.* s/ })).toBeVisible()

  // What is said online is written down and found to be false.
  await page.getByRole('button', { name: '更多' }).click()
  await page.getByRole('link', { name: '舆情和专家' }).click()
  await page.getByRole('button', { name: '登记舆情' }).click()
  const said = page.getByRole('dialog', { name: '登记舆情' })
  await said.getByLabel('来源').fill('本地论坛')
  await said.getByLabel('内容').fill('网传洋口外闸已经决口')
  await said.getByRole('button', { name: '登记' }).click()
  await expect(said).toBeHidden()
  const entry = page.getByRole('region', { name: '舆情信息' }).getByRole('listitem').filter({ hasText: '洋口外闸已经决口' })
  await expect(entry).toContainText('未核实')
  await entry.getByRole('button', { name: '核实' }).click()
  const judge = page.getByRole('dialog', { name: '核实' })
  await judge.getByLabel('核实结果').selectOption({ label: '不实' })
  await judge.getByLabel('依据').fill('巡堤组现场查看，闸门完好')
  await judge.getByRole('button', { name: '记录' }).click()
  await expect(judge).toBeHidden()
  await expect(entry).toContainText(/不实\s*巡堤组现场查看，闸门完好/)

  // One click makes the situation report of all that.
  await page.getByRole('link', { name: '指挥室' }).click()
  await page.getByRole('button', { name: '态势报告' }).click()
  await expect(page).toHaveURL(/\/more\/papers\/[0-9a-f-]+/)
  await expect(page.getByRole('img', { name: /，第 1 页/ })).toContainText('态势报告')
  const [draft] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '草稿 PDF' }).click()])
  const situation = await printed(await draft.path())
  for (const fact of [title, '南通市防汛防台风应急预案（演示）', '加密巡堤查险', '三组上堤，未见险情', '网传洋口外闸已经决口']) expect(situation).toContain(fact.replaceAll(' ', ''))

  // An incident does not end while its plan is carried out: it says what runs and leads to the room.
  await page.goto(room.replace(/\/room$/, ''))
  const early = await finish(page)
  await early.getByLabel('依据或原因').fill('潮位回落')
  await expect(early).toContainText('正在执行：')
  await expect(early.getByRole('button', { name: /^结束/ })).toBeDisabled()
  await early.getByRole('link', { name: '指挥室' }).click()
  await page.getByRole('button', { name: '调整响应' }).click()
  const shift = page.getByRole('dialog', { name: '调整响应' })
  await shift.getByLabel('响应级别').selectOption({ label: '终止响应' })
  await shift.getByLabel('下令依据').fill('潮位回落，吴局下令')
  await shift.getByRole('button', { name: '下令' }).click()
  await expect(page.getByRole('button', { name: '调整响应' })).toBeHidden()
  await expect(page.getByText('潮位回落，吴局下令').first()).toBeVisible()
  await demo.hold('rd-level-1', { water_level: 4.3 })
  await page.goto(room.replace(/\/room$/, ''))
  const end = await finish(page)
  await end.getByLabel('依据或原因').fill('险情解除')
  await end.getByRole('button', { name: /^结束/ }).click()
  await expect(end).toBeHidden()
  await expect(page.getByText('已结束').first()).toBeVisible()

  // What it taught is written down, and the after-action report leaves the house as a signed document.
  await page.goto(room.replace(/\/room$/, '/review'))
  const times = page.getByRole('region', { name: '响应时效' })
  for (const what of ['首次报出', '启动响应', '首个任务被接受', '终止响应']) await expect(times.getByRole('row').filter({ hasText: what })).not.toContainText('无记录')
  await expect(page.getByRole('region', { name: '任务与预案对照' }).getByRole('row').filter({ hasText: '加密巡堤查险' })).toBeVisible()
  await page.getByLabel('经过').fill('闸外潮位超警戒，三组上堤巡查，潮位回落后终止响应。')
  await page.getByLabel('问题和原因').fill('工程抢险组当晚无人当班。')
  await page.getByRole('button', { name: '开始复盘' }).click()
  await page.getByRole('button', { name: '总结评估报告' }).click()
  await expect(page).toHaveURL(/\/more\/papers\/[0-9a-f-]+/)
  await expect(page.getByRole('img', { name: /，第 1 页/ })).toContainText('总结评估报告')
  const leader = await desk(browser)
  await enter(leader, demo, demo.admin, new URL(page.url()).pathname)
  await leader.getByRole('button', { name: '取发文字号' }).click()
  await expect(leader.getByRole('list', { name: '状态' }).getByText(/演示评估〔\d{4}〕\d+号/)).toBeVisible()
  await sign(leader, demo.admin)
  const pdf = await fetched(leader, 'PDF')
  const report = await printed(pdf.file)
  for (const fact of [title, '总结评估报告', '加密巡堤查险', '工程抢险组当晚无人当班']) expect(report).toContain(fact.replaceAll(' ', ''))
  const docx = await fetched(leader, 'DOCX')
  expect(docx.head).toBe('PK\x03\x04')
  const { stdout: words } = await run('unzip', ['-p', docx.file, 'word/document.xml'])
  expect(words).toContain('工程抢险组当晚无人当班')
  await leader.context().close()
  await leaveAsFound(page)
})
