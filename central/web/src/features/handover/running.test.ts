import { describe, expect, it } from 'vitest'
import { early, runningOf, type Sources } from './running'

const sources = (more: object): Sources => ({ org: 'rudong', alarms: [], incidents: [], clocks: [], sent: [], drafts: [], tasks: [], ...more })

describe('what runs when a desk changes hands', () => {
  it('is every clock, report, task and incident of the own desk, what is due first', () => {
    const list = runningOf(sources({
      alarms: [{ id: 'a', what: '洋口闸水位 超警戒' }],
      incidents: [{ id: 'i', no: '2026-0003', title: '火灾', org_id: 'rudong' }, { id: 'x', no: '2026-0004', title: '别处', org_id: 'qidong' }],
      clocks: [{ id: 'c', kind: 'report.written', name: '火灾', org_id: 'rudong', due_at: '2026-01-01T09:00:00Z' }, { id: 'h', kind: 'handover', name: '交班', org_id: 'rudong', due_at: '2026-01-01T08:00:00Z' }],
      sent: [{ id: 's', kind: 'up', decision: 'returned', incident_id: 'i2', submitted_at: '2026-01-01T07:00:00Z', decided_at: '2026-01-01T07:05:00Z', title: '渔船（初报）', reason: '缺现场负责人' }],
      drafts: [{ id: 'd', title: '火灾（初报）' }],
      tasks: [{ id: 't', text: '查明原因', leader: '吴市长', state: 'given', to_org: 'rudong', from_org: 'city', due_at: '2026-01-01T08:30:00Z' }, { id: 'done', text: '', leader: '', state: 'done', to_org: 'rudong', from_org: 'city', due_at: '' }, { id: 'own', text: '清点物资', leader: '王局长', state: 'taken', to_org: 'town', from_org: 'rudong', due_at: '2026-01-01T10:00:00Z' }],
    }))
    expect(list.map((r) => `${r.kind} ${r.what}`)).toEqual(['alarm 洋口闸水位 超警戒', 'task 吴市长：查明原因', 'clock 火灾', 'returned 渔船（初报）：缺现场负责人', 'draft 火灾（初报）', 'ordered 王局长：清点物资', 'incident 2026-0003 火灾'])
  })
  it('asks who signs long before the end', () => {
    const now = Date.parse('2026-01-01T00:00:00Z')
    expect(early('2026-01-01T09:00:00Z', now)).toBe(true)
    expect(early('2026-01-01T00:20:00Z', now)).toBe(false)
    expect(early(undefined, now)).toBe(false)
  })
})
