package opinion_test

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
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/store"
)

// person is somebody with an account.
type person struct {
	context.Context
	password string
}

// house is a city with two counties.
type house struct {
	*opinion.Service
	t                   *testing.T
	n                   int
	incidents           *incident.Service
	clocks              *deadline.Service
	accounts            *account.Service
	city, county, other account.Org
	system              context.Context
	// the leader of the city, two officers and the leader of the county, an officer of the other one
	mayor, writer, checker, leader, outside person
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
	h.other, err = h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "启东市", Division: "320681"})
	h.must(err)
	book, err := deadline.LoadBook("../../../firmware-configs/deadlines")
	h.must(err)
	h.clocks = deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Events: bus, Book: book})
	categories, err := incident.LoadCategories("../../../firmware-configs/incidents/categories.yml")
	h.must(err)
	templates, err := opinion.LoadTemplates("../../../firmware-configs/opinion/statements.yml")
	h.must(err)
	desks := incident.Desks{Accounts: h.accounts}
	h.incidents = incident.New(incident.Options{Store: store.NewIncidents(db), Tx: db, Desks: desks, Categories: categories, Events: bus})
	h.Service = opinion.New(opinion.Options{
		Store: store.NewOpinions(db), Tx: db, Desks: desks, Incidents: h.incidents, Accounts: h.accounts, Clocks: h.clocks, Book: book, Templates: templates, Categories: categories, Printer: document.Printer{}, Events: bus,
	})
	h.clocks.On(opinion.OwnerKind, h.OnClock)
	h.incidents.Parts = append(h.incidents.Parts, h.Service)
	h.mayor, h.leader = h.user("市长", h.city, account.RoleLeader), h.user("县长", h.county, account.RoleLeader)
	h.writer, h.checker, h.outside = h.user("甲", h.county, account.RoleDuty), h.user("乙", h.county, account.RoleDuty), h.user("丙", h.other, account.RoleDuty)
	return h
}

func (h *house) user(name string, org account.Org, role string) person {
	h.t.Helper()
	h.n++
	u, password, err := h.accounts.CreateUser(h.system, account.NewUser{Username: fmt.Sprintf("user%d", h.n), Name: name, OrgID: org.ID, Roles: []string{role}})
	h.must(err)
	return person{actor.With(h.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: name, DivisionCode: org.Division, Permissions: account.Permissions([]string{role})}), password}
}

// flood is an incident of the county that happened an hour ago.
func (h *house) flood(level int) incident.Incident {
	h.t.Helper()
	i, err := h.incidents.Open(h.writer, incident.Draft{Title: "洋口镇圩堤渗漏", Category: "natural.flood", Place: "洋口镇", Level: level, OccurredAt: time.Now().Add(-time.Hour), KnownAt: time.Now().Add(-50 * time.Minute)})
	h.must(err)
	return i
}

func (h *house) rumour(i incident.Incident) opinion.Entry {
	h.t.Helper()
	e, err := h.Add(h.writer, i.ID, opinion.Found{Source: "微博", Link: "https://example.com/1", Text: "洋口大堤已经决口", Heat: opinion.Rising, Reach: 1200})
	h.must(err)
	return e
}

// signed is a statement that the county's leader has signed.
func (h *house) signed(i incident.Incident, n opinion.NewStatement) opinion.Statement {
	h.t.Helper()
	st, err := h.Draft(h.writer, i.ID, n)
	h.must(err)
	st, err = h.Write(h.writer, st.ID, st.Edit, st.Title, "经核实，该说法不属实，堤防安全。\n如东县")
	h.must(err)
	st, err = h.Act(h.checker, st.ID, opinion.Act{Do: "check", Edit: st.Edit})
	h.must(err)
	st, err = h.Act(h.leader, st.ID, opinion.Act{Do: "sign", Edit: st.Edit, Password: h.leader.password})
	h.must(err)
	return st
}

func (h *house) timeline(i incident.Incident) []incident.Step {
	h.t.Helper()
	r, err := h.incidents.Room(h.mayor, i.ID)
	h.must(err)
	return r.Steps
}
