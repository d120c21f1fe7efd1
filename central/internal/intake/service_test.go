package intake_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// room is a city with two counties, a duty officer each.
type room struct {
	*intake.Service
	t                   *testing.T
	incidents           *incident.Service
	accounts            *account.Service
	trail               *audit.Service
	city, county, other context.Context
	system              context.Context
}

func newRoom(t *testing.T, db *store.DB) *room {
	t.Helper()
	r := &room{t: t, system: actor.WithSystem(t.Context(), "test")}
	r.trail = audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
	bus := event.NewBus(r.trail)
	kept := store.NewAccounts(db)
	var err error
	r.accounts, err = account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus})
	r.must(err)
	_, err = r.accounts.EnsureFirst(r.system, account.First{OrgName: "市", OrgNameEN: "City", Division: "320600"})
	r.must(err)
	top, err := r.accounts.TopOrg(r.system)
	r.must(err)
	county, err := r.accounts.CreateOrg(r.system, account.NewOrg{ParentID: top.ID, Name: "如东县", Division: "320623"})
	r.must(err)
	other, err := r.accounts.CreateOrg(r.system, account.NewOrg{ParentID: top.ID, Name: "启东市", Division: "320681"})
	r.must(err)
	r.city, r.county, r.other = r.officer("shi", top), r.officer("xian", county), r.officer("qidong", other)
	desks := incident.Desks{Accounts: r.accounts}
	categories, err := incident.LoadCategories("../../../firmware-configs/incidents/categories.yml")
	r.must(err)
	r.incidents = incident.New(incident.Options{Store: store.NewIncidents(db), Tx: db, Desks: desks, Categories: categories, Events: bus})
	r.Service = intake.New(intake.Options{Store: store.NewIntake(db), Tx: db, Desks: desks, Incidents: r.incidents, Categories: categories, Events: bus})
	return r
}

func (r *room) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) officer(name string, o account.Org) context.Context {
	r.t.Helper()
	u, _, err := r.accounts.CreateUser(r.system, account.NewUser{Username: name, Name: name, OrgID: o.ID, Roles: []string{account.RoleDuty}, Password: "Correct-horse-7"})
	r.must(err)
	return actor.With(r.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: u.Name, DivisionCode: u.Division, Permissions: account.Permissions([]string{account.RoleDuty})})
}

func call() intake.Item {
	return intake.Item{Kind: intake.Call, Place: "洋口镇化工园区三路8号仓库", Category: "accident.fire", Text: "仓库起火，浓烟，两人被困", Unit: "洋口镇政府", Caller: "值班员", Phone: "000-0000", Figures: map[string]int{"trapped": 2}}
}

// Calls, a form and a department about one fire become one incident, and each step can be undone.
func TestWhatComesInBecomesOneIncident(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		first, err := r.Receive(r.county, call())
		r.must(err)
		if first.No != 1 || first.State != intake.Waiting || first.Division != "320623" {
			t.Fatalf("received %+v", first)
		}
		first, err = r.Open(r.county, first.ID, intake.NewIncident{Title: "洋口仓库火灾"})
		r.must(err)
		second := call()
		second.Text, second.Place, second.Figures = "化工园三路仓库着火了", "洋口化工园区三路仓库", map[string]int{"trapped": 3}
		like, err := r.Like(r.county, second)
		r.must(err)
		if len(like) != 1 || like[0].Incident.ID != first.IncidentID {
			t.Fatalf("like the second call: %+v", like)
		}
		second, err = r.Receive(r.county, second)
		r.must(err)
		if _, err = r.Link(r.county, second.ID, first.IncidentID); err != nil {
			t.Fatal(err)
		}
		if _, err = r.Link(r.county, second.ID, first.IncidentID); errs.KindOf(err) != errs.Conflict {
			t.Errorf("linked twice: %v", err)
		}
		r.must(r.FromPublic(t.Context(), intake.Item{Division: "320623", Place: "化工园", Text: "<script>alert(1)</script> 着火", Level: 1, Figures: map[string]int{"dead": 99}, Unchecked: true}))
		list, err := r.List(r.county, intake.Filter{State: intake.Waiting}, page.Request{})
		r.must(err)
		if len(list.Items) != 1 || list.Items[0].Kind != intake.Public || len(list.Items[0].Figures) != 0 || list.Items[0].Level != 0 || !list.Items[0].Unchecked {
			t.Fatalf("what the public wrote: %+v", list.Items)
		}
		got, err := r.incidents.Room(r.county, first.IncidentID)
		r.must(err)
		if incident.Newest(got.Figures)["trapped"].Value != 3 || len(got.Figures) != 2 || len(got.Known) != 2 || got.No != time.Now().In(time.FixedZone("CST", 8*3600)).Format("2006")+"-320623-0001" {
			t.Errorf("the incident: %+v", got)
		}
		if _, err := r.Undo(r.county, second.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Undo(r.county, first.ID); err != nil {
			t.Fatal(err)
		}
		got, err = r.incidents.Room(r.county, first.IncidentID)
		r.must(err)
		if got.State != incident.Void || len(got.Figures) != 2 || len(got.Steps) < 6 {
			t.Errorf("after both were undone: %+v", got)
		}
		var kinds []string
		for e := range r.trailOf() {
			kinds = append(kinds, e)
		}
		for _, want := range []string{intake.EventReceived, intake.EventLinked, intake.EventUndone, incident.EventOpened, incident.EventVoid} {
			if !slices.Contains(kinds, want) {
				t.Errorf("the trail has no %s: %v", want, kinds)
			}
		}
	})
}

func (r *room) trailOf() map[string]bool {
	r.t.Helper()
	out := map[string]bool{}
	list, err := r.trail.List(r.system, audit.Query{Request: page.Request{Limit: page.MaxLimit}})
	r.must(err)
	for _, e := range list.Items {
		out[e.Kind] = true
	}
	return out
}

func TestADeskSeesAndTakesOnlyItsOwn(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	i, err := r.Receive(r.county, call())
	r.must(err)
	if _, err := r.Get(r.other, i.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("the neighbour reads: %v", err)
	}
	if _, err := r.Open(r.other, i.ID, intake.NewIncident{}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("the neighbour opens: %v", err)
	}
	if _, err := r.Get(r.city, i.ID); err != nil {
		t.Errorf("the city reads: %v", err)
	}
	away := call()
	away.Division = "320681"
	if _, err := r.Receive(r.county, away); errs.KindOf(err) != errs.Invalid {
		t.Errorf("an item of the neighbour: %v", err)
	}
	if _, err := r.Receive(t.Context(), call()); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("a stranger: %v", err)
	}
}

func TestWhatACallMustSay(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	later := time.Now().Add(time.Hour)
	for field, change := range map[string]func(*intake.Item){
		"text":        func(i *intake.Item) { i.Text = " " },
		"place":       func(i *intake.Item) { i.Place = "" },
		"caller":      func(i *intake.Item) { i.Unit, i.Caller = "", "" },
		"phone":       func(i *intake.Item) { i.Phone = "" },
		"category":    func(i *intake.Item) { i.Category = "accident.none" },
		"occurred_at": func(i *intake.Item) { i.OccurredAt = &later },
		"value":       func(i *intake.Item) { i.Figures = map[string]int{"dead": -1} },
		"kind":        func(i *intake.Item) { i.Kind = intake.Public },
		"lon":         func(i *intake.Item) { x := 500.0; i.Lon, i.Lat = &x, &x },
	} {
		i := call()
		change(&i)
		_, err := r.Receive(r.county, i)
		e, _ := err.(*errs.Error) //nolint:errorlint // the error as it was made
		if e == nil || e.Kind != errs.Invalid || e.Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestAMergeIsUndone(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	open := func(title string) incident.Incident {
		i, err := r.incidents.Open(r.county, incident.Draft{Title: title, Category: "accident.fire", Place: "洋口"})
		r.must(err)
		return i
	}
	a, b := open("甲"), open("乙")
	m, err := r.incidents.Merge(r.county, b.ID, a.ID)
	r.must(err)
	if m.State != incident.Merged || m.MergedInto != a.ID {
		t.Errorf("merged: %+v", m)
	}
	if _, err := r.incidents.Merge(r.county, a.ID, b.ID); errs.KindOf(err) != errs.Conflict {
		t.Errorf("into one that is merged: %v", err)
	}
	if m, err = r.incidents.Unmerge(r.county, b.ID, "两件事"); err != nil || m.State != incident.Open {
		t.Errorf("undone: %+v %v", m, err)
	}
	title := "丙"
	if _, err := r.incidents.Change(r.county, a.ID, incident.Change{Version: 99, Title: &title}); errs.KindOf(err) != errs.Conflict {
		t.Errorf("over a version that nobody saw: %v", err)
	}
}

// A correction keeps its reason and what was before, the point on the map as well.
func TestACorrectionSaysWhy(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	i, err := r.incidents.Open(r.county, incident.Draft{Title: "甲", Category: "accident.fire", Place: "洋口"})
	r.must(err)
	lon, lat, place := 121.1, 32.3, "小洋口"
	if _, err := r.incidents.Change(r.county, i.ID, incident.Change{Version: i.Version, Place: &place, Why: "两\n行"}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a reason of two lines: %v", err)
	}
	_, err = r.incidents.Change(r.county, i.ID, incident.Change{Version: i.Version, Place: &place, Lon: &lon, Lat: &lat, Why: "听错"})
	r.must(err)
	room, err := r.incidents.Room(r.county, i.ID)
	r.must(err)
	got := map[string]string{}
	for _, s := range room.Steps {
		if s.Kind == incident.Changed {
			got[s.Act] = s.Text
		}
	}
	if len(got) != 2 || got["place"] != "洋口 → 小洋口（听错）" || got["position"] != " → 32.30000,121.10000（听错）" {
		t.Errorf("the timeline: %q", got)
	}
}
