// The pages. meta.title is the key of the page's name, meta.permission what a person needs to see it.
import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteRecordRaw } from 'vue-router'
import { useSession } from '@/stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    title?: string
    permission?: string
    // open pages need no session.
    open?: boolean
    // bare pages have no frame: paper and public boards.
    bare?: boolean
    // marked pages say themselves, without a frame, that they show demonstration data.
    marked?: boolean
  }
}

export const pages: RouteRecordRaw[] = [
  { path: '/', name: 'desk', component: () => import('@/features/desk/DeskPage.vue'), meta: { title: 'page.desk' } },
  { path: '/map', name: 'map', component: () => import('@/features/map/MapPage.vue'), meta: { title: 'page.map', permission: 'device.read' } },
  { path: '/video', name: 'video', component: () => import('@/features/video/VideoPage.vue'), meta: { title: 'page.video', permission: 'video.watch' } },
  { path: '/screen', name: 'screen', component: () => import('@/features/video/ScreenPage.vue'), meta: { title: 'page.screen', permission: 'video.watch', bare: true } },
  { path: '/video/links', name: 'video-links', component: () => import('@/features/video/LinksPage.vue'), meta: { title: 'page.video_links', permission: 'video.share' } },
  { path: '/field/:stream?', name: 'field', component: () => import('@/features/field/FieldPage.vue'), meta: { title: 'page.field', open: true, bare: true } },
  { path: '/watch/:stream', name: 'watch', component: () => import('@/features/video/WatchPage.vue'), meta: { title: 'page.watch', open: true, bare: true } },
  { path: '/video/consults', name: 'consults', component: () => import('@/features/consult/ConsultsPage.vue'), meta: { title: 'page.consults', permission: 'consult.join' } },
  { path: '/consult/:id', name: 'consult', component: () => import('@/features/consult/RoomPage.vue'), meta: { title: 'page.consult', permission: 'consult.join', bare: true, marked: true } },
  { path: '/meet/:id', name: 'meet', component: () => import('@/features/consult/RoomPage.vue'), meta: { title: 'page.consult', open: true, bare: true, marked: true } },
  { path: '/video/recordings', name: 'recordings', component: () => import('@/features/recording/RecordingsPage.vue'), meta: { title: 'page.recordings', permission: 'video.replay' } },
  { path: '/video/clips', name: 'clips', component: () => import('@/features/recording/ClipsPage.vue'), meta: { title: 'page.clips', permission: 'video.export' } },
  { path: '/video/snapshots', name: 'snapshots', component: () => import('@/features/recording/SnapshotsPage.vue'), meta: { title: 'page.snapshots', permission: 'video.replay' } },
  { path: '/monitor', name: 'monitor', component: () => import('@/features/telemetry/MonitorPage.vue'), meta: { title: 'page.monitor', permission: 'alarm.read' } },
  { path: '/monitor/:device/:property?', name: 'sensor', component: () => import('@/features/telemetry/SensorPage.vue'), meta: { title: 'page.sensor', permission: 'telemetry.read' } },
  { path: '/monitor-board', name: 'boards', component: () => import('@/features/board/BoardsPage.vue'), meta: { title: 'page.boards', permission: 'telemetry.read' } },
  { path: '/monitor-board/:id', name: 'board', component: () => import('@/features/board/BoardPage.vue'), meta: { title: 'page.board', permission: 'telemetry.read' } },
  { path: '/incident', name: 'incidents', component: () => import('@/features/incident/IncidentListPage.vue'), meta: { title: 'page.incidents', permission: 'incident.read' } },
  { path: '/incident/inbox', name: 'inbox', component: () => import('@/features/intake/InboxPage.vue'), meta: { title: 'page.inbox', permission: 'incident.read' } },
  { path: '/report', name: 'reports', component: () => import('@/features/report/ReportDeskPage.vue'), meta: { title: 'page.reports', permission: 'incident.read' } },
  { path: '/report/tasks', name: 'report-tasks', component: () => import('@/features/report/TaskBoardPage.vue'), meta: { title: 'page.tasks', permission: 'incident.read' } },
  { path: '/report/daily', name: 'report-daily', component: () => import('@/features/report/DailyPage.vue'), meta: { title: 'page.daily', permission: 'incident.read' } },
  { path: '/report/stats', name: 'report-stats', component: () => import('@/features/report/StatsPage.vue'), meta: { title: 'page.report_stats', permission: 'incident.read' } },
  { path: '/report/:id', name: 'report', component: () => import('@/features/report/ReportPage.vue'), meta: { title: 'page.report', permission: 'incident.read' } },
  { path: '/incident/cases', name: 'cases', component: () => import('@/features/review/CasesPage.vue'), meta: { title: 'page.cases', permission: 'incident.read' } },
  { path: '/incident/:id/review', name: 'review', component: () => import('@/features/review/ReviewPage.vue'), meta: { title: 'page.review', permission: 'incident.read' } },
  { path: '/incident/:id/opinion', name: 'opinion', component: () => import('@/features/opinion/OpinionPage.vue'), meta: { title: 'page.opinion', permission: 'incident.read' } },
  { path: '/incident/:id', name: 'incident', component: () => import('@/features/report/RoomPage.vue'), meta: { title: 'page.incident', permission: 'incident.read' } },
  { path: '/incident/:id/room', name: 'room', component: () => import('@/features/response/RoomPage.vue'), meta: { title: 'page.room', permission: 'incident.read' } },
  { path: '/task', name: 'my-tasks', component: () => import('@/features/response/MyTasksPage.vue'), meta: { title: 'page.my_tasks', permission: 'incident.read' } },
  { path: '/t/:token', name: 'task-phone', component: () => import('@/features/response/PhonePage.vue'), meta: { title: 'page.my_tasks', open: true, bare: true } },
  { path: '/c/:token', name: 'crew-phone', component: () => import('@/features/resource/PhonePage.vue'), meta: { title: 'page.crew', open: true, bare: true } },
  { path: '/resource', name: 'resources', component: () => import('@/features/resource/ResourcesPage.vue'), meta: { title: 'page.resources', permission: 'resource.read' } },
  { path: '/tell', name: 'tell', component: () => import('@/features/intake/PublicPage.vue'), meta: { title: 'page.tell', open: true, bare: true } },
  { path: '/more', redirect: '/more/devices' },
  { path: '/more/devices', name: 'devices', component: () => import('@/features/device/DevicesPage.vue'), meta: { title: 'page.devices', permission: 'device.read' } },
  { path: '/more/devices/:id', name: 'gateway', component: () => import('@/features/device/GatewayPage.vue'), meta: { title: 'page.gateway', permission: 'device.read' } },
  { path: '/more/rollouts', name: 'rollouts', component: () => import('@/features/fleet/RolloutsPage.vue'), meta: { title: 'page.rollouts', permission: 'device.read' } },
  { path: '/more/releases', name: 'releases', component: () => import('@/features/release/ReleasesPage.vue'), meta: { title: 'page.releases', permission: 'device.write' } },
  { path: '/more/data', name: 'data', component: () => import('@/features/telemetry/DataPage.vue'), meta: { title: 'page.data', permission: 'telemetry.read' } },
  { path: '/more/duty/:tab?', name: 'duty', component: () => import('@/features/duty/DutyPage.vue'), meta: { title: 'page.duty', permission: 'duty.read' } },
  { path: '/more/handover', name: 'handover', component: () => import('@/features/handover/HandoverPage.vue'), meta: { title: 'page.handover', permission: 'duty.log' } },
  { path: '/handover/print/:id', name: 'handover-print', component: () => import('@/features/handover/PrintPage.vue'), meta: { title: 'page.handover_print', permission: 'duty.log', bare: true, marked: true } },
  { path: '/duty/print', name: 'duty-print', component: () => import('@/features/duty/PrintPage.vue'), meta: { title: 'page.duty_print', permission: 'duty.read', bare: true } },
  { path: '/board/duty/:token', name: 'duty-board', component: () => import('@/features/duty/BoardPage.vue'), meta: { title: 'page.duty_board', open: true, bare: true } },
  { path: '/more/rollcall', name: 'rollcall', component: () => import('@/features/rollcall/RollcallPage.vue'), meta: { title: 'page.rollcall', permission: 'duty.read' } },
  { path: '/more/clocks', name: 'clocks', component: () => import('@/features/deadline/ClocksPage.vue'), meta: { title: 'page.clocks', permission: 'duty.read' } },
  { path: '/more/notices', name: 'notices', component: () => import('@/features/notice/NoticesPage.vue'), meta: { title: 'page.notices', permission: 'duty.read' } },
  { path: '/r/:token', name: 'rollcall-phone', component: () => import('@/features/rollcall/PhonePage.vue'), meta: { title: 'page.rollcall_phone', open: true, bare: true } },
  { path: '/more/papers', name: 'papers', component: () => import('@/features/paper/PapersPage.vue'), meta: { title: 'page.papers', permission: 'paper.read' } },
  { path: '/more/papers/:id', name: 'paper', component: () => import('@/features/paper/PaperPage.vue'), meta: { title: 'page.paper', permission: 'paper.read' } },
  { path: '/more/users', name: 'users', component: () => import('@/features/account/UsersPage.vue'), meta: { title: 'page.users', permission: 'account.read' } },
  { path: '/plan', name: 'plans', component: () => import('@/features/plan/PlansPage.vue'), meta: { title: 'page.plans', permission: 'plan.read' } },
  { path: '/plan/drills', name: 'drills', component: () => import('@/features/drill/DrillsPage.vue'), meta: { title: 'page.drills', permission: 'drill.read' } },
  { path: '/plan/drills/new', name: 'drill-new', component: () => import('@/features/drill/EditPage.vue'), meta: { title: 'page.drill_new', permission: 'drill.write' } },
  { path: '/plan/drills/:id', name: 'drill', component: () => import('@/features/drill/DrillPage.vue'), meta: { title: 'page.drill', permission: 'drill.read' } },
  { path: '/plan/drills/:id/edit', name: 'drill-edit', component: () => import('@/features/drill/EditPage.vue'), meta: { title: 'page.drill_edit', permission: 'drill.write' } },
  { path: '/e/:token', name: 'drill-sheet', component: () => import('@/features/drill/SheetPage.vue'), meta: { title: 'page.drill_sheet', open: true, bare: true } },
  { path: '/plan/:id', name: 'plan', component: () => import('@/features/plan/PlanPage.vue'), meta: { title: 'page.plan', permission: 'plan.read' } },
  { path: '/plan/:id/print', name: 'plan-print', component: () => import('@/features/plan/PrintPage.vue'), meta: { title: 'page.plan_print', permission: 'plan.read', bare: true } },
  { path: '/enrol', name: 'enrol', component: () => import('@/features/device/EnrolPage.vue'), meta: { title: 'page.enrol', open: true } },
  { path: '/login', name: 'login', component: () => import('@/features/account/LoginPage.vue'), meta: { title: 'page.login', open: true } },
  { path: '/:rest(.*)*', name: 'missing', component: () => import('@/app/MissingPage.vue'), meta: { title: 'page.missing' } },
]

if (import.meta.env.DEV) {
  pages.push({ path: '/gallery', name: 'gallery', component: () => import('@/features/gallery/GalleryPage.vue'), meta: { title: 'page.gallery', open: true } })
}

export const router = createRouter({ history: createWebHistory(), routes: pages })

// fetchPage begins to load a page's program while the centre is asked who is here.
function fetchPage({ matched }: RouteLocationNormalized): void {
  const page: unknown = matched.at(-1)?.components?.default
  // A page that cannot be loaded is told of by the router, which asks again.
  if (typeof page === 'function') (page as () => Promise<unknown>)().catch(() => undefined)
}

router.beforeEach(async (to) => {
  fetchPage(to)
  if (to.meta.open && to.name !== 'login') return true
  const session = useSession()
  try {
    await session.load()
  } catch {
    // The centre does not answer: the frame says so, and the page shows what it can.
    return true
  }
  const inside = session.session && !session.mustChange
  if (to.name === 'login') return inside ? { path: '/' } : true
  if (!inside) return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  return true
})
