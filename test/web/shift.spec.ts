// A whole shift in a real browser, at a county's desk and at the city's: the desk is taken over with what is open, a call
// becomes an incident and a report that comes back once, is done again and passed upward; an instruction is carried out, a
// follow-up and the final report end the chain, a spot check is answered, the desk is handed over, and the month's
// bulletin has it all.
import type { Page } from '@playwright/test'
import { beeps, desk, enter, expect, listen, test } from './demo'
import { change, leave, openItems, shift, take } from './handover'
import { first, receive, sign } from './report'

// figures are the numbers of the county in the assessment table, by the word over their column.
async function figures(city: Page): Promise<(word: string) => number> {
  const table = city.getByRole('region', { name: /^考核表/ }).getByRole('table')
  const row = table.getByRole('row').filter({ hasText: '如东县应急管理局' })
  await expect(row).toBeVisible()
  const words = await table.getByRole('columnheader').allInnerTexts()
  const cells = await row.getByRole('cell').allInnerTexts()
  return (word) => Number(cells[words.indexOf(word)] ?? NaN)
}

// tab opens a page of the room that stands open.
async function tab(page: Page, room: string, name: string): Promise<void> {
  await page.getByRole('navigation', { name: room, exact: true }).getByRole('link', { name, exact: true }).click()
}

test('a shift from the first signature to the last, and the month that remembers it', async ({ page: city, demo, browser }) => {
  test.setTimeout(600_000) // a minute on a quiet machine
  const n = Date.now() % 10_000
  const title = `刘埠渔船进水 ${n}`
  const call = `刘埠渔港报告 ${n} 号航标灯熄灭，请海事修复`
  await listen(city)
  await enter(city, demo, demo.duty, '/report/stats')
  const before = await figures(city)
  await tab(city, '报告', '报告')
  await city.getByRole('heading', { name: /收到待处理/ }).click() // a browser gives sound once the page was touched

  // The officer before leaves an item open and signs; the county's officer signs on and has it.
  const relief = { user: 'heyu', password: demo.county.password }
  const county = await desk(browser)
  await enter(county, demo, relief, '/more/handover')
  const signOn = county.getByRole('button', { name: '开簿上岗' })
  await expect(signOn.or(shift(county).getByRole('button', { name: '交班签字' }))).toBeVisible()
  if (await signOn.isVisible()) await signOn.click()
  await expect(county.getByLabel('对方单位、姓名')).toBeFocused()
  await county.keyboard.type('刘埠渔港管理站')
  await county.getByLabel('内容').fill(call)
  await county.getByLabel('留作未结事项').check()
  await county.keyboard.press('Enter')
  const item = openItems(county).filter({ hasText: call })
  await expect(item).toContainText('何雨')
  await leave(county, '盯住航标灯', relief.password)
  await take(county, demo.county, ['盯住航标灯', call])
  await change(county, demo.county)
  await expect(item).toContainText('许超')

  // A call comes, and its clocks stand.
  await county.goto(`${demo.url}/incident/inbox`)
  await receive(county, { unit: '刘埠渔港管理站', caller: '周站长', phone: '000-0000-3002', place: '刘埠闸外 3 海里', text: title })
  const room = county.url()
  const written = county.getByRole('timer').filter({ hasText: '书面报告' })
  const phoned = county.getByRole('timer').filter({ hasText: '电话报告' })
  await expect(written).toContainText(/还剩 5\d:\d\d/)
  await county.getByLabel('谁向谁电话报告了什么').fill('向市值班室陈值班报告')
  await county.keyboard.press('Enter')
  await expect(phoned).toHaveCount(0)
  await county.locator('main').focus()
  await first(county, title, '海事已派艇，渔船 6 人已穿救生衣', '孔局')
  await expect(written).toHaveCount(0)

  // The city hears it, opens it and wants more.
  const waiting = city.getByRole('region', { name: '收到待处理' }).getByRole('listitem').filter({ hasText: `${title}（初报）` })
  await expect(waiting).toContainText('已送达')
  await expect.poll(() => beeps(city)).toBeGreaterThan(0)
  await waiting.getByRole('button', { name: '打开' }).click()
  await expect(city.getByText('海事已派艇，渔船 6 人已穿救生衣')).toBeVisible()
  await city.getByLabel('退回原因').fill('请定级并写明起因')
  await city.getByRole('button', { name: '退回', exact: true }).click()
  await expect(city.getByText('已退回').first()).toBeVisible()

  // It stands at the county's desk as a need, with the reason, and goes again.
  await county.keyboard.press('Alt+1')
  const need = county.getByRole('region', { name: '现在需要我' }).getByRole('listitem').filter({ hasText: title })
  await expect(need.filter({ hasText: '退回' })).toContainText('请定级并写明起因')
  await need.getByRole('button', { name: /^重报/ }).click()
  await expect(county.getByRole('form', { name: `${title}（初报）` })).toBeVisible()
  await county.getByLabel('起因').fill('机舱进水，原因待查')
  await county.getByRole('region', { name: '核对' }).getByLabel('级别').selectOption({ label: '较大' })
  await expect(county.getByText(/^已保存/)).toBeVisible()
  await county.keyboard.press('Control+Enter')
  await sign(county, '孔局')

  // The city accepts it and passes it on beyond itself.
  await city.keyboard.press('Alt+5')
  await waiting.getByRole('button', { name: '打开' }).click()
  await city.getByRole('button', { name: '接收' }).click()
  await city.getByRole('button', { name: '转报上级' }).click()
  const own = city.getByRole('form', { name: `${title}（初报）` })
  await expect(own.getByLabel('起因')).toHaveValue('机舱进水，原因待查')
  await city.keyboard.press('Control+Enter')
  const sending = city.getByRole('dialog')
  await sending.getByLabel('签发人（已口头或电话同意）').fill('吴局')
  await sending.getByLabel(/^报给谁/).fill('省应急指挥中心 传真')
  await city.keyboard.press('Enter')
  await expect(city.getByText('对外报出').first()).toBeVisible()

  // A leader's instruction becomes a task with a limit; the county answers it and the city closes it.
  await city.getByRole('button', { name: '批示', exact: true }).click()
  const order = city.getByRole('dialog')
  await order.getByLabel('批示领导').fill('吴局')
  await order.getByLabel('批示内容').fill(`全力搜救 ${n}，人员上岸后报平安`)
  await order.getByLabel('如东县应急管理局').check()
  await order.getByLabel('办理期限').fill(new Date(Date.now() + 10 * 3_600_000).toISOString().slice(0, 16)) // in two hours, in the time of China
  await order.getByRole('button', { name: '登记并督办' }).click()
  await expect(order).toBeHidden()
  await county.keyboard.press('Alt+5')
  await tab(county, '报告', '督办')
  const task = (at: Page, panel: string) => at.getByRole('region', { name: panel }).getByRole('listitem').filter({ hasText: `全力搜救 ${n}` })
  const given = task(city, '报告与批示')
  const todo = task(county, '督办')
  await expect(todo).toContainText('还剩')
  await todo.getByRole('button', { name: '领办' }).click()
  await expect(todo).toContainText('办理中')
  await todo.getByLabel('办理情况或退回原因').fill('6 人已上岸，平安')
  await todo.getByRole('button', { name: '回复' }).click()
  await expect(given).toContainText('6 人已上岸，平安')
  await given.getByRole('button', { name: '办结' }).click()
  await expect(given).toContainText('已办结')
  await expect(todo).toHaveCount(0)

  // A follow-up says only what changed.
  await county.goto(room)
  await county.getByRole('button', { name: /^写报告/ }).click()
  const follow = county.getByRole('form', { name: new RegExp(`^${title}（续报一）`) })
  await follow.getByLabel('发展趋势').fill('渔船已拖回刘埠，无污染')
  await expect(follow.getByText('有变化')).toHaveCount(1)
  await expect(county.getByText(/^已保存/)).toBeVisible()
  await county.keyboard.press('Control+Enter')
  await sign(county, '孔局')

  // The final report is complete, or says why not.
  await county.getByRole('button', { name: '写终报' }).click()
  const final = county.getByRole('form', { name: `${title}（终报）` })
  await final.getByLabel('处置结果').fill('6 人获救，渔船拖回')
  await final.getByLabel('影响范围').fill('本船')
  await expect(final.getByLabel('缺的原因')).toHaveCount(1)
  await final.getByLabel('缺的原因').fill('不涉及善后')
  await expect(county.getByText(/^已保存/)).toBeVisible()
  await county.keyboard.press('Control+Enter')
  await sign(county, '孔局')
  await county.getByRole('button', { name: '更多' }).click()
  await county.getByRole('button', { name: '结束', exact: true }).click()
  await county.getByRole('dialog').getByLabel('依据或原因').fill('人船平安')
  await county.keyboard.press('Enter')
  await expect(county.getByText('已结束').first()).toBeVisible()
  for (const kind of ['续报一', '终报']) {
    await city.keyboard.press('Alt+5')
    await city.getByRole('region', { name: '收到待处理' }).getByRole('listitem').filter({ hasText: `${title}（${kind}）` }).getByRole('button', { name: '打开' }).click()
    await expect(city.getByRole('form', { name: `${title}（${kind}）` }).getByText('渔船已拖回刘埠，无污染').first()).toBeVisible()
    await city.getByRole('button', { name: '接收' }).click()
    await expect(city.getByText('已接收').first()).toBeVisible()
  }

  // A spot check finds the officer at the desk.
  await city.keyboard.press('Alt+9')
  await tab(city, '值班', '查岗')
  const start = city.getByRole('region', { name: '发起查岗' })
  await start.getByLabel('名称').fill(`抽查 ${n}`)
  await start.getByLabel('如东县应急管理局').check()
  await start.getByRole('button', { name: '开始查岗' }).click()
  const asked = county.getByRole('alertdialog', { name: '上级查岗' })
  await expect(asked).toContainText('请于')
  await county.keyboard.press('F9')
  await expect(asked).toBeHidden()
  const checked = city.getByRole('region', { name: '查岗', exact: true }).locator('section').filter({ hasText: `抽查 ${n}` })
  await expect(checked).toContainText('按时应答')
  await expect(checked).toContainText('许超')

  // The desk goes to the next officer, with what is still open.
  await county.keyboard.press('Alt+9')
  await expect(item).toContainText('许超')
  await leave(county, `渔船进水 ${n} 已终报`, demo.county.password)
  await take(county, relief, [`渔船进水 ${n} 已终报`, call])
  await change(county, relief)
  await expect(item).toContainText('何雨')
  await expect(county.getByRole('region', { name: '历次交接' }).getByRole('listitem').first()).toContainText('许超 → 何雨')

  // The month has it: one incident more, its clock met, one return, and the bulletin says so.
  await city.keyboard.press('Alt+5')
  await tab(city, '报告', '考核与通报')
  const after = await figures(city)
  for (const [word, more] of [['事件', 1], ['按时', 1], ['退回', 1], ['迟报', 0]] as const) expect(after(word) - before(word), word).toBe(more)
  await expect(city.getByRole('region', { name: '问题与证据' }).getByRole('listitem').filter({ hasText: '退回 如东县应急管理局' }).filter({ hasText: title })).toContainText('请定级并写明起因')
  await city.getByRole('button', { name: '生成通报' }).click()
  // The draft of the demo is older than this shift, says so, and is written anew.
  await city.getByText('起草之后数据有变动').getByRole('button', { name: '按最新数据重写' }).click()
  await city.getByRole('dialog').getByLabel('请输入“通报”以确认').fill('通报')
  await city.keyboard.press('Enter')
  const counted = ['如东县应急管理局', ...['事件', '报告', '按时'].map((word) => after(word))].join('|')
  await expect.poll(() => city.getByLabel(/^正文/).inputValue()).toContain(`|${counted}|`)
  // Where a page ends is a matter of how much this month had: what stands there is left out.
  const printed = async () => (await city.getByRole('img', { name: /，第 \d 页/ }).allTextContents()).join('').replaceAll(/\s/g, '').replaceAll(/—\d+—|盖章处/g, '')
  await expect.poll(printed).toContain(`${title}”（请定级并写明起因）`.replaceAll(' ', ''))
  await county.context().close()
})
