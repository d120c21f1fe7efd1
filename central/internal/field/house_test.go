package field_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/sfu"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

// house is a county with an incident, a duty person who has one task of it, and a phone that holds a link of both.
type house struct {
	*field.Service
	t                testing.TB
	db               *store.DB
	incidents        *incident.Service
	responses        *response.Service
	pictures         *video.Service
	crews            *crew.Service
	trail            *audit.Service
	links            *store.VideoLinks
	officer, outside context.Context
	incident         incident.Incident
	task             response.Task
	person           duty.Person
	link             video.Shared
	fixes            []field.Fix
	files            *tsdb.DB
	held             map[string]bool
	asked            []int  // how many phones were forgotten at once
	dies             string // the step of a deletion at which the centre does
}

// Keep implements field.Positions. It keeps them as the centre does, and for the tests to look at.
func (h *house) Keep(ctx context.Context, stream string, fixes []field.Fix, received time.Time) error {
	h.fixes = append(h.fixes, fixes...)
	b := &wire.Batch{}
	for _, f := range fixes {
		for property, v := range map[string]float64{"lon": f.Lon, "lat": f.Lat} {
			b.Readings = append(b.Readings, wire.Reading{Device: stream, Property: property, At: f.At.UnixMilli(), Value: v})
		}
	}
	_, err := h.files.Commit(ctx, []telemetry.Incoming{{Edge: stream, Batch: b, ReceivedAt: received}})
	return err
}

// Forget implements field.Positions.
func (h *house) Forget(ctx context.Context, streams []string, before time.Time, announce func(int64) error) (int64, bool, error) {
	h.asked = append(h.asked, len(streams))
	h.dieAt("before it is announced")
	out, err := h.files.Forget(ctx, streams, []string{"lon", "lat"}, before, func(n int64) error {
		err := announce(n)
		h.dieAt("announced")
		return err
	})
	h.dieAt("deleted")
	return out.Readings, out.Held, err
}

func (h *house) dieAt(step string) {
	if h.dies == step {
		runtime.Goexit() // nothing after it is done; what was committed stands
	}
}

// Held implements field.Positions.
func (h *house) Held(context.Context) (map[string]bool, error) { return h.held, nil }

// places are how many of a phone are kept.
func (h *house) places(stream string) (n int64) {
	h.t.Helper()
	h.must(h.files.Seal(h.t.Context()))
	s, err := h.files.Query(h.t.Context(), telemetry.Query{Device: stream, Property: "lon", From: time.Now().AddDate(-1, 0, 0), To: time.Now().Add(time.Hour), Points: 5000})
	h.must(err)
	for _, b := range s.Buckets {
		n += b.Count
	}
	return n
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func newHouse(t *testing.T, db *store.DB) *house {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	files, err := tsdb.Open(t.Context(), tsdb.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	h := &house{t: t, db: db, files: files, trail: audit.New(store.NewAudit(db), db, log), links: store.NewVideoLinks(db)}
	system, bus, kept := actor.WithSystem(t.Context(), "test"), event.NewBus(h.trail), store.NewAccounts(db)
	accounts, err := account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus})
	h.must(err)
	_, err = accounts.EnsureFirst(system, account.First{OrgName: "如东县", Division: "320623"})
	h.must(err)
	county, err := accounts.TopOrg(system)
	h.must(err)
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	h.must(err)
	devices := &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, CA: ca, Log: log}
	router := sfu.New(sfu.Options{Log: log, Listen: "127.0.0.1:0"})
	h.must(router.Start(t.Context()))
	t.Cleanup(func() { h.must(router.Stop(context.Background())) })
	h.pictures = video.New(video.Options{Log: log, Router: router, Devices: devices, People: accounts, Events: bus, Links: h.links, Tx: db, Outside: devices})
	h.pictures.GiveFor(func(context.Context, string, string) error { return nil })

	user := func(name, division string) context.Context {
		roles := []string{account.RoleDuty, account.RoleLeader}
		u, _, err := accounts.CreateUser(system, account.NewUser{Username: "u" + name, Name: name, OrgID: county.ID, Roles: roles})
		h.must(err)
		return actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: name, DivisionCode: division, Permissions: account.Permissions(roles)})
	}
	h.officer, h.outside = user("a", "320623"), user("b", "320681")
	second := user("c", "320623")
	roster := duty.New(duty.Options{Store: store.NewDuty(db), Tx: db, Accounts: accounts, Events: bus})
	h.person, err = roster.SavePerson(system, duty.Person{OrgID: county.ID, Name: "王队", Active: true, Phones: []duty.Phone{{Kind: "mobile", Number: "13800000001"}}})
	h.must(err)
	book, err := deadline.LoadBook("../../../firmware-configs/deadlines")
	h.must(err)
	clocks := deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Desks: roster, Events: bus, Book: book})
	pack, err := plan.LoadPack("../../../firmware-configs/plans")
	h.must(err)
	plans := plan.New(plan.Options{Store: store.NewPlans(db), Tx: db, Accounts: accounts, Roster: roster, Clocks: clocks, Events: bus, Pack: pack})
	categories, err := incident.LoadCategories("../../../firmware-configs/incidents/categories.yml")
	h.must(err)
	desks := incident.Desks{Accounts: accounts}
	h.incidents = incident.New(incident.Options{Store: store.NewIncidents(db), Tx: db, Desks: desks, Categories: categories, Events: bus})
	h.responses = response.New(response.Options{
		Store: store.NewResponses(db), Tx: db, Desks: desks, People: accounts, Incidents: h.incidents, Plans: plans, Roster: roster, Clocks: clocks, Book: book, Events: bus,
		Notices: notice.New(notice.Options{Store: store.NewNotices(db), Tx: db, Events: bus}),
	})
	clocks.On(response.OwnerKind, h.responses.OnClock)
	clocks.On(plan.OwnerKind, plans.OnClock)

	p, err := plans.Make(h.officer, plan.Head{Name: "防汛应急预案", Kind: plan.Special, Category: "natural.flood", OrgID: county.ID})
	h.must(err)
	p, err = plans.Write(h.officer, p.ID, p.Revision, plan.Body{
		Chapters: []plan.Chapter{{ID: "c1", Depth: 1, Title: "总则", Text: "目的"}, {ID: "c2", Depth: 1, Title: "响应", Text: "措施"}},
		Levels:   []plan.Level{{Level: 4, Conditions: []plan.Condition{{Text: "有险情"}}, Clause: "c2"}},
		Roles:    []plan.Role{{ID: "crew", Name: "抢险队", Fill: plan.Fill{How: "org", OrgID: county.ID}, Clause: "c2"}},
		Actions:  []plan.Action{{ID: "seal", Title: "封堵渗漏", Levels: []int{4}, RoleID: "crew", From: "start", Minutes: 60, Clause: "c2", Evidence: []string{"photo"}}},
	})
	h.must(err)
	for _, to := range []plan.State{plan.Consulting, plan.Reviewing, plan.Approving, plan.Published} {
		who, n := h.officer, plan.NewStep{To: to, Edit: p.Edit, Note: "按程序"}
		if to == plan.Published {
			who, n.Number = second, "东政办函〔2026〕1号"
		}
		p, err = plans.Move(who, p.ID, n)
		h.must(err)
	}
	h.incident, err = h.incidents.Open(h.officer, incident.Draft{Title: "洋口镇圩堤渗漏", Category: "natural.flood", Place: "洋口镇"})
	h.must(err)
	out, err := h.responses.Activate(h.officer, h.incident.ID, response.Start{PlanID: p.ID, Version: p.Version, Level: 4, Order: "县长口头命令"})
	h.must(err)
	v, err := h.responses.View(h.officer, h.incident.ID)
	h.must(err)
	_, err = h.responses.Seat(h.officer, out.Response.ID, v.Responses[0].Seats[0].ID, response.Fill{PersonID: h.person.ID})
	h.must(err)
	h.task = v.Tasks[0]

	h.crews = crew.New(crew.Options{Store: store.NewCrews(db), Tx: db, Devices: devices, Desks: desks, Incidents: h.incidents, Phones: h.pictures, Events: bus, Log: log})
	h.Service = field.New(field.Options{Store: store.NewField(db), Tx: db, Links: h.pictures, Incidents: h.incidents, Tasks: h.responses, Positions: h, Messages: h.crews, Events: bus})
	bus.Handle(h.OnEvent)
	h.link, err = h.pictures.Share(h.officer, video.LinkDraft{Action: video.Publish, Title: "抢险一队手机", Division: "320623", Hours: 8, IncidentID: h.incident.ID, PersonID: h.person.ID})
	h.must(err)
	return h
}

// token and stream are those of the link.
func (h *house) enter(d field.Draft) (field.Receipt, error) {
	return h.Enter(h.t.Context(), h.link.Token, h.link.Link.Stream, d)
}

// lines are those of the timeline that came from the scene.
func (h *house) lines() []incident.Step {
	h.t.Helper()
	room, err := h.incidents.Room(h.officer, h.incident.ID)
	h.must(err)
	var out []incident.Step
	for _, st := range room.Steps {
		if st.Kind == field.Sent {
			out = append(out, st)
		}
	}
	return out
}

// made makes the link one that was made and expires at these times.
func (h *house) made(created, expires time.Time) {
	h.t.Helper()
	l := h.link.Link
	l.ID, l.CreatedAt, l.ExpiresAt = fmt.Sprintf("0196-%d", time.Now().UnixNano()), created, time.Now().Add(time.Hour)
	h.must(h.links.AddVideoLink(h.t.Context(), l))
	shown, err := h.pictures.ShowLink(h.officer, l.ID)
	h.must(err)
	l.ExpiresAt = expires
	_, err = h.links.ChangeVideoLink(h.t.Context(), l, time.Now())
	h.must(err)
	h.link = video.Shared{Link: l, Token: shown.Token}
}

// expired makes the link one that expired so long ago.
func (h *house) expired(ago time.Duration) {
	h.made(time.Now().Add(-ago-8*time.Hour), time.Now().Add(-ago))
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { fn(t, newHouse(t, db)) })
}
