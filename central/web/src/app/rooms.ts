// The rooms of the console, in the order of the rail, and the pages behind the last two. A room without a page says so.

export interface Room {
  key: string
  to?: string
  icon: string
  permission?: string
}

export const rooms: Room[] = [
  { key: 'desk', to: '/', icon: 'M3 12h18M5 12V7h14v5M7 20v-8M17 20v-8' },
  { key: 'map', to: '/map', icon: 'M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2zM9 4v14M15 6v14', permission: 'device.read' },
  { key: 'video', to: '/video', icon: 'M3 6h12v12H3zM15 10l6-3v10l-6-3', permission: 'video.watch' },
  { key: 'incident', to: '/incident', icon: 'M12 3l9 17H3zM12 10v4M12 17v.5', permission: 'incident.read' },
  { key: 'report', to: '/report', icon: 'M6 3h9l4 4v14H6zM9 12h7M9 16h7', permission: 'incident.read' },
  { key: 'monitor', to: '/monitor', icon: 'M3 15l4-6 4 4 4-8 6 10', permission: 'alarm.read' },
  { key: 'plan', to: '/plan', permission: 'plan.read', icon: 'M4 4h16v16H4zM8 9h8M8 13h5' },
  { key: 'resource', to: '/resource', permission: 'resource.read', icon: 'M3 8l9-5 9 5v9l-9 4-9-4zM3 8l9 4 9-4M12 12v9' },
  { key: 'duty', to: '/more/handover', permission: 'duty.log', icon: 'M12 4a8 8 0 1 0 .1 0M12 8v5l3 2' },
  { key: 'more', to: '/more/devices', icon: 'M5 12h.1M12 12h.1M19 12h.1' },
]

export interface Page {
  to: string
  title: string
  permission: string
}

// dutyPages stand behind 值班, morePages behind 更多; both are tabs of one line.
export const dutyPages: Page[] = [
  { to: '/more/handover', title: 'page.handover', permission: 'duty.log' },
  { to: '/more/duty', title: 'page.duty', permission: 'duty.read' },
  { to: '/more/rollcall', title: 'page.rollcall', permission: 'duty.read' },
  { to: '/more/clocks', title: 'page.clocks', permission: 'duty.read' },
]

export const morePages: Page[] = [
  { to: '/more/devices', title: 'page.devices', permission: 'device.read' },
  { to: '/more/rollouts', title: 'page.rollouts', permission: 'device.read' },
  { to: '/more/releases', title: 'page.releases', permission: 'device.write' },
  { to: '/more/data', title: 'page.data', permission: 'telemetry.read' },
  { to: '/more/notices', title: 'page.notices', permission: 'duty.read' },
  { to: '/more/papers', title: 'page.papers', permission: 'paper.read' },
  { to: '/more/users', title: 'page.users', permission: 'account.read' },
]

// otherPages stand beside their rooms.
export const otherPages: Page[] = [
  { to: '/incident/inbox', title: 'page.inbox', permission: 'incident.read' },
  { to: '/report/tasks', title: 'page.tasks', permission: 'incident.read' },
  { to: '/report/daily', title: 'page.daily', permission: 'incident.read' },
  { to: '/report/stats', title: 'page.report_stats', permission: 'incident.read' },
  { to: '/incident/cases', title: 'page.cases', permission: 'incident.read' },
  { to: '/task', title: 'page.my_tasks', permission: 'incident.read' },
  { to: '/plan/drills', title: 'page.drills', permission: 'drill.read' },
  { to: '/monitor-board', title: 'page.boards', permission: 'telemetry.read' },
  { to: '/video/consults', title: 'page.consults', permission: 'consult.join' },
  { to: '/video/recordings', title: 'page.recordings', permission: 'video.replay' },
  { to: '/video/clips', title: 'page.clips', permission: 'video.export' },
  { to: '/video/snapshots', title: 'page.snapshots', permission: 'video.replay' },
  { to: '/video/links', title: 'page.video_links', permission: 'video.share' },
]
