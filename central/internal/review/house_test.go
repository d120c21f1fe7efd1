package review_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/review"
	"github.com/fengsui/fengsui/central/internal/store"
)

// house is a city with a county that carries a plan out.
type house struct {
	*review.Service
	t                               *testing.T
	n                               int
	plans                           *plan.Service
	incidents                       *incident.Service
	responses                       *response.Service
	clocks                          *deadline.Service
	accounts                        *account.Service
	city, county                    account.Org
	chief, second, officer, outside context.Context
	system                          context.Context
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func newHouse(t *testing.T, db *store.DB) *house {
	t.Helper()
	h := &house{t: t, system: actor.WithSystem(t.Context(), "test")}
	bus := event.NewBus(audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler)))
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
	other, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "启东市", Division: "320681"})
	h.must(err)
	roster := duty.New(duty.Options{Store: store.NewDuty(db), Tx: db, Accounts: h.accounts, Events: bus})
	book, err := deadline.LoadBook("../../../firmware-configs/deadlines")
	h.must(err)
	h.clocks = deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Desks: roster, Events: bus, Book: book})
	pack, err := plan.LoadPack("../../../firmware-configs/plans")
	h.must(err)
	h.plans = plan.New(plan.Options{Store: store.NewPlans(db), Tx: db, Accounts: h.accounts, Roster: roster, Clocks: h.clocks, Events: bus, Pack: pack})
	categories, err := incident.LoadCategories("../../../firmware-configs/incidents/categories.yml")
	h.must(err)
	desks := incident.Desks{Accounts: h.accounts}
	h.incidents = incident.New(incident.Options{Store: store.NewIncidents(db), Tx: db, Desks: desks, Categories: categories, Events: bus})
	h.responses = response.New(response.Options{
		Store: store.NewResponses(db), Tx: db, Desks: desks, People: h.accounts, Incidents: h.incidents, Plans: h.plans, Roster: roster, Clocks: h.clocks,
		Notices: notice.New(notice.Options{Store: store.NewNotices(db), Tx: db, Events: bus}), Book: book, Events: bus,
	})
	h.clocks.On(response.OwnerKind, h.responses.OnClock)
	h.clocks.On(plan.OwnerKind, h.plans.OnClock)
	h.clocks.On(review.OwnerKind, func(ctx context.Context, f deadline.Firing) ([]*event.Event, error) { return h.OnClock(ctx, f) })
	h.Service = review.New(review.Options{Store: store.NewReviews(db), Tx: db, Desks: desks, Plans: h.plans, Clocks: h.clocks, Events: bus, Incidents: h.incidents, Responses: h.responses, Categories: categories})
	h.chief, h.second = h.user("市长", h.city, account.RoleLeader), h.user("副市长", h.city, account.RoleLeader)
	h.officer, h.outside = h.user("甲", h.county, account.RoleDuty), h.user("丙", other, account.RoleDuty)
	return h
}

func (h *house) user(name string, org account.Org, role string) context.Context {
	h.t.Helper()
	h.n++
	u, _, err := h.accounts.CreateUser(h.system, account.NewUser{Username: fmt.Sprintf("user%d", h.n), Name: name, OrgID: org.ID, Roles: []string{role}})
	h.must(err)
	return actor.With(h.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: name, DivisionCode: org.Division, Permissions: account.Permissions([]string{role})})
}

// published is a plan of one level with two actions of the county.
func (h *house) published() plan.Plan {
	h.t.Helper()
	p, err := h.plans.Make(h.chief, plan.Head{Name: "防汛应急预案", Kind: plan.Special, Category: "natural.flood", OrgID: h.city.ID})
	h.must(err)
	p, err = h.plans.Write(h.chief, p.ID, p.Revision, plan.Body{
		Chapters: []plan.Chapter{{ID: "c1", Depth: 1, Title: "总则", Text: "目的"}, {ID: "c2", Depth: 1, Title: "响应", Text: "措施"}},
		Levels:   []plan.Level{{Level: 4, Conditions: []plan.Condition{{Text: "有险情"}}, Clause: "c2"}},
		Roles:    []plan.Role{{ID: "county", Name: "县指挥部", Fill: plan.Fill{How: "org", OrgID: h.county.ID}, Clause: "c2"}},
		Actions: []plan.Action{
			{ID: "report", Title: "报告", Levels: []int{4}, RoleID: "county", From: "start", Minutes: 30, Clause: "c2"},
			{ID: "move", Title: "转移群众", Levels: []int{4}, RoleID: "county", From: "start", Minutes: 0, Clause: "c2"},
		},
	})
	h.must(err)
	return h.issued(p)
}

func (h *house) issued(p plan.Plan) plan.Plan {
	h.t.Helper()
	var err error
	for _, to := range []plan.State{plan.Consulting, plan.Reviewing, plan.Approving, plan.Published} {
		who, n := h.chief, plan.NewStep{To: to, Edit: p.Edit, Note: "按程序"}
		if to == plan.Published {
			who, n.Number = h.second, fmt.Sprintf("通政办函〔2026〕%d号", p.Version+1)
		}
		p, err = h.plans.Move(who, p.ID, n)
		h.must(err)
	}
	return p
}

func (h *house) flood() incident.Incident {
	h.t.Helper()
	i, err := h.incidents.Open(h.officer, incident.Draft{Title: "洋口镇圩堤渗漏", Category: "natural.flood", Place: "洋口镇", OccurredAt: time.Now().Add(-30 * time.Minute), KnownAt: time.Now().Add(-20 * time.Minute)})
	h.must(err)
	return i
}

func (h *house) started(i incident.Incident, p plan.Plan) response.Outcome {
	h.t.Helper()
	out, err := h.responses.Activate(h.chief, i.ID, response.Start{PlanID: p.ID, Version: p.Version, Level: 4, Order: "市长口头命令"})
	h.must(err)
	return out
}

func (h *house) task(i incident.Incident, action string) response.Task {
	h.t.Helper()
	v, err := h.responses.View(h.chief, i.ID)
	h.must(err)
	for _, t := range v.Tasks {
		if t.ActionID == action {
			return t
		}
	}
	h.t.Fatalf("no task %s", action)
	return response.Task{}
}
