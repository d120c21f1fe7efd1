package drill_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/channel/httpsms"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/drill"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/reminder"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/world"
)

// house is a city and a county with everything that takes part in an exercise, and a gateway of text messages.
type house struct {
	*drill.Service
	t                   *testing.T
	db                  *store.DB
	audit               *audit.Service
	accounts            *account.Service
	incidents           *incident.Service
	reports             *report.Service
	responses           *response.Service
	resources           *resource.Service
	opinions            *opinion.Service
	bus                 *event.Bus
	clocks              *deadline.Service
	notices             *notice.Service
	roster              *duty.Service
	sms                 notice.Channel
	plan                plan.Plan
	plans               *plan.Service
	city, county, other account.Org
	chief, second       context.Context // leaders of the city: one controls, one does not
	officer, outside    context.Context // officers of the county and of another, which takes no part
	system              context.Context
	person              duty.Person
	ahead               atomic.Int64 // nanoseconds
	mu                  sync.Mutex
	sent                []string
	chiefID, secondID   string
	officerID           string
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func newHouse(t *testing.T, db *store.DB) *house {
	t.Helper()
	h := &house{t: t, db: db, system: actor.WithSystem(t.Context(), "test")}
	h.audit = audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
	bus := event.NewBus(h.audit)
	h.bus = bus
	kept := store.NewAccounts(db)
	var err error
	h.accounts, err = account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus})
	h.must(err)
	_, err = h.accounts.EnsureFirst(h.system, account.First{OrgName: "南通市", OrgNameEN: "Nantong", Division: "320600"})
	h.must(err)
	h.city, err = h.accounts.TopOrg(h.system)
	h.must(err)
	h.county, err = h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "如东县", Division: "320623"})
	h.must(err)
	h.other, err = h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "启东市", Division: "320681"})
	h.must(err)
	h.roster = duty.New(duty.Options{Store: store.NewDuty(db), Tx: db, Accounts: h.accounts, Events: bus})
	book, err := deadline.LoadBook("../../../firmware-configs/deadlines")
	h.must(err)
	machine := deadline.MachineClocks()
	h.clocks = deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Desks: h.roster, Events: bus, Book: book, Clocks: func() deadline.Sample {
		s, ahead := machine(), time.Duration(h.ahead.Load())
		s.Wall, s.Up = s.Wall.Add(ahead), s.Up+ahead
		return s
	}})
	gateway := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.sent = append(h.sent, string(text))
	}))
	t.Cleanup(gateway.Close)
	sms, err := httpsms.New(httpsms.Options{URL: gateway.URL, Method: "POST", Body: "{{.To}} {{.Text}}"})
	h.must(err)
	h.sms = notice.Channel{Name: "sms", Sender: sms}
	h.notices = notice.New(notice.Options{Store: store.NewNotices(db), Tx: db, Channels: []notice.Channel{h.sms}, Events: bus})
	bus.Inside((&reminder.Service{People: h.roster, Notices: h.notices, Log: slog.New(slog.DiscardHandler)}).OnRecord)
	pack, err := plan.LoadPack("../../../firmware-configs/plans")
	h.must(err)
	plans := plan.New(plan.Options{Store: store.NewPlans(db), Tx: db, Accounts: h.accounts, Roster: h.roster, Clocks: h.clocks, Events: bus, Pack: pack})
	categories, err := incident.LoadCategories("../../../firmware-configs/incidents/categories.yml")
	h.must(err)
	desks := incident.Desks{Accounts: h.accounts}
	h.incidents = incident.New(incident.Options{Store: store.NewIncidents(db), Tx: db, Desks: desks, Categories: categories, Events: bus})
	templates, err := report.LoadTemplates("../../../firmware-configs/reports/templates.yml")
	h.must(err)
	grading, err := report.LoadGrading("../../../firmware-configs/reports/grading.yml")
	h.must(err)
	h.reports = report.New(report.Options{Store: store.NewReports(db), Tx: db, Desks: desks, Incidents: h.incidents, Clocks: h.clocks, Book: book, Templates: templates, Grading: grading, Categories: categories, Events: bus})
	h.incidents.Follow = h.reports.Follow
	h.responses = response.New(response.Options{
		Store: store.NewResponses(db), Tx: db, Desks: desks, People: h.accounts, Incidents: h.incidents, Plans: plans, Roster: h.roster, Clocks: h.clocks, Notices: h.notices, Book: book, Events: bus, URL: "https://centre.example/",
	})
	h.resources = resource.New(resource.Options{
		Store: store.NewResources(db), Tx: db, Desks: desks, Incidents: h.incidents, Responses: h.responses, Roster: h.roster, Clocks: h.clocks, Notices: h.notices, Book: book, Events: bus,
	})
	bus.Inside(h.resources.OnRecord)
	statements, err := opinion.LoadTemplates("../../../firmware-configs/opinion/statements.yml")
	h.must(err)
	h.opinions = opinion.New(opinion.Options{
		Store: store.NewOpinions(db), Tx: db, Desks: desks, Incidents: h.incidents, Accounts: h.accounts, Clocks: h.clocks, Book: book, Templates: statements, Categories: categories, Printer: document.Printer{}, Events: bus,
	})
	h.clocks.On(opinion.OwnerKind, h.opinions.OnClock)
	h.clocks.On(response.OwnerKind, h.responses.OnClock)
	h.clocks.OnMove(opinion.OwnerKind, h.opinions.OnMove)
	h.clocks.OnMove(response.OwnerKind, h.responses.OnMove)
	h.clocks.OnMove(report.TaskKind, h.reports.OnMove)
	h.clocks.On(report.OwnerKind, h.reports.OnClock)
	h.clocks.On(report.TaskKind, h.reports.OnTask)
	h.clocks.On(plan.OwnerKind, plans.OnClock)
	owed, err := drill.LoadPack("../../../firmware-configs/drills")
	h.must(err)
	h.Service = drill.New(drill.Options{
		Store: store.NewDrills(db), Tx: db, Desks: desks, People: h.accounts, Plans: plans, Incidents: h.incidents, Responses: h.responses, Notices: h.notices, Roster: h.roster, Clocks: h.clocks, Printer: document.Printer{}, Events: bus, Pack: owed,
		URL: "https://centre.example", Now: func() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) },
	})
	h.chief, h.chiefID = h.user("市长", h.city, account.RoleLeader)
	h.second, h.secondID = h.user("副市长", h.city, account.RoleLeader)
	h.officer, h.officerID = h.user("甲", h.county, account.RoleDuty)
	h.outside, _ = h.user("丙", h.other, account.RoleDuty)
	h.person, err = h.roster.SavePerson(h.system, duty.Person{OrgID: h.county.ID, Name: "甲", UserID: h.officerID, Active: true, Phones: []duty.Phone{{Kind: "mobile", Number: "13800000001"}}})
	h.must(err)
	h.responses.Live = h.Live
	h.plan, h.plans = h.published(plans), plans
	return h
}

func (h *house) user(name string, org account.Org, role string) (context.Context, string) {
	h.t.Helper()
	u, _, err := h.accounts.CreateUser(h.system, account.NewUser{Username: "u" + event.Stamp(time.Now()).Format("150405.000000"), Name: name, OrgID: org.ID, Roles: []string{role}})
	h.must(err)
	return actor.With(h.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: name, DivisionCode: org.Division, Permissions: account.Permissions([]string{role})}), u.ID
}

// published is a plan with one task of the county's officer.
func (h *house) published(plans *plan.Service) plan.Plan {
	h.t.Helper()
	p, err := plans.Make(h.chief, plan.Head{Name: "防汛应急预案", Kind: plan.Special, Category: "natural.flood", OrgID: h.city.ID})
	h.must(err)
	p, err = plans.Write(h.chief, p.ID, p.Revision, plan.Body{
		Chapters: []plan.Chapter{{ID: "c1", Depth: 1, Title: "总则", Text: "目的"}, {ID: "c2", Depth: 1, Title: "响应", Text: "措施"}},
		Levels:   []plan.Level{{Level: 4, Conditions: []plan.Condition{{Text: "有险情"}}, Clause: "c2"}},
		Roles:    []plan.Role{{ID: "desk", Name: "值班室", Fill: plan.Fill{How: "person", PersonID: h.person.ID, OrgID: h.county.ID}, Clause: "c2"}},
		Actions:  []plan.Action{{ID: "report", Title: "巡查堤防", Levels: []int{4}, RoleID: "desk", From: "start", Minutes: 30, Clause: "c2", Demands: []plan.Demand{{Kind: "team", What: "抗洪抢险", Amount: 1, Unit: "支"}}}},
	})
	h.must(err)
	for _, to := range []plan.State{plan.Consulting, plan.Reviewing, plan.Approving, plan.Published} {
		who, n := h.chief, plan.NewStep{To: to, Edit: p.Edit, Note: "按程序"}
		if to == plan.Published {
			who, n.Number = h.second, "通政办函〔2026〕1号"
		}
		p, err = plans.Move(who, p.ID, n)
		h.must(err)
	}
	return p
}

// draft is an exercise of the county that the chief controls.
func (h *house) draft(form drill.Form) drill.Draft {
	return drill.Draft{
		Name: "秋季防汛演练", Form: form, PlanID: h.plan.ID, PlannedOn: time.Now().In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly), Scenario: "河堤出现管涌", Parties: []string{h.county.ID},
		Injects: []drill.Inject{
			{Title: "110 来电", Text: "河堤冒水", Way: drill.Timed, Expect: "登记信息"},
			{Title: "险情扩大", Text: "管涌变大", Way: drill.When, Mark: drill.MarkActivated, Minutes: 10},
			{Title: "记者来电", Text: "请介绍情况", Way: drill.Manual},
		},
	}
}

// running is an exercise that runs, and the officer inside it.
func (h *house) running() (drill.Drill, context.Context) {
	h.t.Helper()
	d, err := h.Make(h.chief, h.draft(drill.Tabletop))
	h.must(err)
	d, err = h.Act(h.chief, d.ID, drill.Act{Kind: "start"})
	h.must(err)
	return d, world.Into(h.officer, world.World(d.ID))
}

// send lets every message leave that may.
func (h *house) send() []string {
	h.t.Helper()
	_, err := h.notices.Turn(h.system, h.sms)
	h.must(err)
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string{}, h.sent...)
}
