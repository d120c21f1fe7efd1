// What is said in public and what the house answers, in a real browser: a rumour is judged by a second officer and
// answered by a statement that a third person signs, an expert's opinion is signed, and an incident is split in two.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Page } from '@playwright/test'
import { desk, enter, expect, test, type Demo } from './demo'

const run = promisify(execFile)

// printed is the text of a PDF without its spaces and lines.
async function printed(file: string): Promise<string> {
  return (await run('pdftotext', ['-layout', file, '-'])).stdout.replaceAll(/\s/g, '')
}

async function send<T>(page: Page, demo: Demo, to: string, data: unknown): Promise<T> {
  const answer = await page.request.post(`${demo.url}/api/v1${to}`, { data, headers: { Origin: demo.url } })
  expect(answer.ok(), await answer.text()).toBe(true)
  return (await answer.json()) as T
}

const part = (page: Page, name: string) => page.getByRole('region', { name })
const row = (page: Page, name: string, text: string) => part(page, name).getByRole('listitem').filter({ hasText: text })

test('a rumour is verified and answered by a statement that others check and sign; an expert signs; two incidents are told apart', async ({ page, demo, browser }) => {
  test.setTimeout(600_000) // half a minute on a quiet machine, three on one that runs a whole CI besides
  const officer = { user: 'liming', password: demo.duty.password }
  const title = `海堤渗水 ${Date.now() % 10_000}`
  await page.setViewportSize({ width: 1366, height: 768 })
  await enter(page, demo, demo.duty, '/incident/cases')
  const { id } = await send<{ id: string }>(page, demo, '/incidents', { title, category: 'natural.flood', place: '洋口外闸北侧海堤', level: 4, division: '320623', lon: 120.94793, lat: 32.53164 })
  const here = `/incident/${id}/opinion`
  const [second, leader, county] = await Promise.all([desk(browser), desk(browser), desk(browser)])
  await Promise.all([enter(second, demo, officer, here), enter(leader, demo, demo.admin, here), enter(county, demo, demo.county, here), page.goto(demo.url + here)])

  await test.step('a rumour is written down, and found false by somebody else', async () => {
    await page.getByRole('button', { name: '登记舆情' }).click()
    const add = page.getByRole('dialog', { name: '登记舆情' })
    await add.getByLabel('来源').fill('本地论坛')
    await add.getByLabel('内容').fill('海堤已经垮了，快跑')
    await add.getByLabel('热度').selectOption({ label: '热点' })
    await add.getByLabel('阅读量').fill('126000')
    await add.getByRole('button', { name: '登记' }).click()
    await expect(add).toBeHidden()
    await expect(row(page, '舆情信息', '海堤已经垮了')).toContainText('未核实')
    await expect(row(page, '舆情信息', '海堤已经垮了')).toContainText('热点 · 126,000')
    await row(second, '舆情信息', '海堤已经垮了').getByRole('button', { name: '核实' }).click() // it has come by itself
    const judge = second.getByRole('dialog', { name: '核实' })
    await judge.getByLabel('核实结果').selectOption({ label: '不实' })
    await judge.getByLabel('依据').fill('巡堤组到场，堤身完好，渗水点已压住')
    await judge.getByRole('button', { name: '记录' }).click()
    await expect(judge).toBeHidden()
    await expect(row(page, '舆情信息', '海堤已经垮了')).toContainText(/不实\s*巡堤组到场，堤身完好，渗水点已压住.*李明/)
  })

  await test.step('an answer is asked for, and drafted from the template', async () => {
    await row(page, '舆情信息', '海堤已经垮了').getByRole('checkbox').check()
    await page.getByRole('button', { name: '回应所选 1 条' }).click()
    const ask = page.getByRole('dialog', { name: '下达回应任务' })
    await expect(ask).toContainText('海堤已经垮了')
    await ask.getByRole('button', { name: '下达', exact: true }).click()
    await expect(ask).toBeHidden()
    await expect(row(page, '回应任务', '回应：海堤已经垮了')).toContainText('待回应')
    await page.getByLabel('稿件样式').selectOption({ label: '辟谣说明' })
    await page.getByRole('button', { name: '起草' }).click()
  })

  const draft = page.getByRole('dialog', { name: /新闻发布稿/ })
  const words = draft.getByLabel('正文')
  await test.step('nobody checks a text with gaps, nor the own one', async () => {
    await expect(words).toHaveValue(/“海堤已经垮了，快跑”的说法。经核实，该说法不属实。实际情况是：〔待填〕/)
    await expect(draft).toContainText('请另一人核对和签发')
    await expect(draft.getByRole('button', { name: '核对无误' })).toHaveCount(0)
    await row(second, '新闻发布稿', '网传信息').getByRole('button').click()
    const check = second.getByRole('dialog', { name: /新闻发布稿/ })
    await check.getByRole('button', { name: '核对无误' }).click()
    await expect(check.getByRole('alert')).toBeVisible()
    await words.fill((await words.inputValue()).replace('〔待填〕', '堤身完好，一处渗水点已压住'))
    await draft.getByRole('button', { name: '保存' }).click()
    await expect(check.getByLabel('正文')).toHaveValue(/一处渗水点已压住/)
    await check.getByRole('button', { name: '核对无误' }).click()
    await expect(draft).toHaveAccessibleName(/已核对/)
    await second.context().close()
    await expect(draft.getByRole('button', { name: '签发' })).toHaveCount(0) // an officer signs nothing
    await expect(row(county, '舆情信息', '海堤已经垮了')).toContainText('不实')
    await expect(part(county, '新闻发布稿')).not.toContainText('网传信息')
  })

  await test.step('the leader signs with the password, the release stays as it is', async () => {
    await row(leader, '新闻发布稿', '网传信息').getByRole('button').click()
    const sign = leader.getByRole('dialog', { name: /新闻发布稿/ })
    await sign.getByRole('button', { name: '签发' }).click()
    await sign.getByLabel('登录密码').fill('not it')
    await sign.getByRole('button', { name: '签发' }).last().click()
    await expect(sign.getByRole('alert')).toBeVisible()
    await sign.getByLabel('登录密码').fill(demo.admin.password)
    await sign.getByRole('button', { name: '签发' }).last().click()
    await expect(draft).toHaveAccessibleName(/已签发/)
    await leader.context().close()
    await draft.getByRole('button', { name: '发布' }).click()
    await draft.getByLabel('发布在何处').fill('南通发布微信公众号')
    await draft.getByRole('button', { name: '发布', exact: true }).last().click()
    await expect(draft).toHaveAccessibleName(/已发布/)
    await expect(words).not.toBeEditable()
    const [download] = await Promise.all([page.waitForEvent('download'), draft.getByRole('link', { name: 'PDF' }).click()])
    const text = await printed(await download.path())
    for (const fact of ['关于网传信息的说明', '堤身完好，一处渗水点已压住', '南通市应急指挥中心']) expect(text).toContain(fact)
    expect(text).not.toContain('未发布')
    const { statements } = (await (await page.request.get(`${demo.url}/api/v1/incidents/${id}/opinions`)).json()) as { statements: { id: string; edit: number }[] }
    const one = statements[0]!
    const late = await page.request.put(`${demo.url}/api/v1/statements/${one.id}`, { headers: { Origin: demo.url }, data: { edit: one.edit, title: '另一个标题', text: '另一个说法' } })
    expect(late.status()).toBe(409)
    await draft.getByRole('button', { name: '关闭', exact: true }).click()
    await expect(row(page, '新闻发布稿', '网传信息')).toContainText('南通发布微信公众号')
    await expect(row(page, '回应任务', '回应：海堤已经垮了')).toContainText('已回应')
    await expect(row(county, '新闻发布稿', '网传信息')).toContainText('已发布')
  })

  await test.step('the opinion of an expert is attached with its file and signed', async () => {
    await page.getByRole('button', { name: '登记意见' }).click()
    const advice = page.getByRole('dialog', { name: '专家意见' })
    await advice.getByLabel('专家姓名').fill('陆工')
    await advice.getByLabel('专业').fill('水工结构')
    await advice.getByLabel('意见来源').fill('视频会商')
    await advice.getByLabel('意见', { exact: true }).fill('渗水点外侧先做月堤，再撤沙袋。')
    await advice.getByRole('button', { name: '保存' }).click()
    await advice.getByLabel(/附件/).setInputFiles({ name: '渗水点草图.txt', mimeType: 'text/plain', buffer: Buffer.from('月堤 30 米') })
    await expect(advice).toContainText('渗水点草图.txt')
    await expect(part(county, '专家意见')).not.toContainText('陆工')
    await advice.getByRole('button', { name: '签署' }).click()
    await advice.getByLabel('登录密码').fill(demo.duty.password)
    await advice.getByRole('button', { name: '签署' }).last().click()
    await expect(advice).toBeHidden()
    await expect(row(page, '专家意见', '陆工').getByRole('button')).toHaveCount(0)
    await expect(row(county, '专家意见', '陆工')).toContainText('渗水点外侧先做月堤')
    const [file] = await Promise.all([county.waitForEvent('download'), row(county, '专家意见', '陆工').getByRole('link', { name: '渗水点草图.txt' }).click()])
    expect(file.suggestedFilename()).toBe('渗水点草图.txt')
    await county.context().close()
  })

  await test.step('what was really two incidents is split, and each half has what belongs to it', async () => {
    await send(page, demo, `/incidents/${id}/figures`, { kind: 'injured', value: 1, source: '洋口镇政府' })
    await send(page, demo, `/incidents/${id}/notes`, { text: '冷库制冷机房有氨味，1 人送医' })
    await send(page, demo, `/incidents/${id}/opinions`, { source: '来电，王先生', text: '冷库那边气味刺鼻' })
    await page.getByRole('link', { name: /^\d{4}-/ }).click()
    await page.getByRole('button', { name: '更多' }).click()
    await page.getByRole('button', { name: '拆分' }).click()
    const split = page.getByRole('dialog', { name: '拆分' })
    await split.getByLabel('新事件的标题').fill(`${title} 冷库氨味`)
    await split.getByLabel('地点').fill('洋口镇冷库')
    await split.getByLabel('依据或原因').fill('两地两件事')
    for (const [group, what] of [['数字', '受伤'], ['舆情', '冷库那边气味刺鼻'], ['时间线', '冷库制冷机房有氨味']] as const) await split.getByRole('group', { name: group }).getByRole('checkbox', { name: what }).check()
    await split.getByRole('button', { name: '拆分' }).click()
    await expect(page.getByRole('region', { name: /冷库氨味/ })).toBeVisible()
    await expect(part(page, '过程')).toContainText('冷库制冷机房有氨味')
    await expect(row(page, '伤亡与损失', '洋口镇政府')).toContainText(/伤\s*1/)
    const half = new URL(page.url()).pathname
    await page.goto(`${demo.url}${half}/opinion`)
    await expect(row(page, '舆情信息', '冷库那边气味刺鼻')).toBeVisible()
    await expect(part(page, '舆情信息')).not.toContainText('海堤已经垮了')
    await page.goto(demo.url + here)
    await expect(row(page, '舆情信息', '海堤已经垮了')).toBeVisible()
    await expect(part(page, '舆情信息')).not.toContainText('冷库那边气味刺鼻')
    await expect(row(page, '新闻发布稿', '网传信息')).toContainText('已发布')
    await page.goto(`${demo.url}/incident/${id}`)
    await expect(part(page, '过程')).toContainText('两地两件事')
    await expect(part(page, '伤亡与损失')).toContainText('还没有数字')
  })
})
