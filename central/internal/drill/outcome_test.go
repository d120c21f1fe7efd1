package drill

import (
	"reflect"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
)

func TestMeasuresOfAnExercise(t *testing.T) {
	at := func(clock string) *time.Time { return when(clock) }
	task := func(title string, s response.State, due, accepted, ended string) response.Task {
		k := response.Task{Title: title, SeatName: "值班室", Clause: "3.2", State: s, GivenAt: instant("09:10:00"), DueAt: instant(due)}
		if accepted != "" {
			k.AcceptedAt = at(accepted)
		}
		if ended != "" {
			k.EndedAt = at(ended)
		}
		return k
	}
	d := Drill{StartedAt: when("09:00:00")}
	all := facts{
		rooms: []incident.Room{
			{Incident: incident.Incident{OpenedAt: instant("09:02:00")}, Steps: []incident.Step{{Kind: incident.Noted, At: instant("09:03:00")}, {Kind: incident.Reported, At: instant("09:07:00")}, {Kind: incident.Reported, At: instant("09:20:00")}}},
			{Incident: incident.Incident{OpenedAt: instant("09:05:00")}, Steps: []incident.Step{{Kind: incident.Reported, At: instant("09:06:30")}}},
		},
		began: []response.Response{{StartedAt: instant("09:12:00")}, {StartedAt: instant("09:10:00")}},
		tasks: []response.Task{
			task("按时", response.Done, "09:40:00", "09:12:00", "09:40:00"),
			task("晚了", response.Done, "09:40:00", "09:14:00", "09:40:01"),
			task("没做", response.Started, "09:45:00", "09:11:00", ""),
			task("没人理", response.Given, "09:50:00", "", ""),
			task("没到期", response.Accepted, "11:00:00", "09:18:00", ""),
			task("作废", response.Void, "09:20:00", "", ""),
			task("不需要", response.Needless, "09:20:00", "09:11:00", "09:12:00"),
		},
	}
	late := func(title, due string, done bool) Lost { return Lost{title, "值班室", "3.2", instant(due), done} }
	want := Measures{
		Opened: 120, Reported: 390, Activated: 600, Accepted: 660, Tasks: 5, Taken: 4, InTime: 1, Late: 3, Open: 1, TakeTime: 240,
		LateList: []Lost{late("晚了", "09:40:00", true), late("没做", "09:45:00", false), late("没人理", "09:50:00", false)},
	}
	if got := all.measure(d, instant("10:00:00")); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	over := d
	over.EndedAt = when("09:47:00")
	if got := all.measure(over, instant("20:00:00")); got.Late != 2 || got.Open != 2 {
		t.Errorf("what came due after its end counts: %+v", got)
	}
	nothing := Measures{Opened: -1, Reported: -1, Activated: -1, Accepted: -1, TakeTime: -1, LateList: []Lost{}}
	if got := (facts{}).measure(d, instant("10:00:00")); !reflect.DeepEqual(got, nothing) {
		t.Errorf("nothing took place: %+v", got)
	}
	var many facts
	for range lateShown + 5 {
		many.tasks = append(many.tasks, task("晚", response.Given, "09:20:00", "", ""))
	}
	if got := many.measure(d, instant("10:00:00")); got.Late != lateShown+5 || len(got.LateList) != lateShown {
		t.Errorf("%d late, %d listed", got.Late, len(got.LateList))
	}
}

func TestWhoMaySayThatSomethingIsImproved(t *testing.T) {
	d := Drill{Controllers: []Controller{{UserID: "boss"}}}
	boss, does, other := actor.Actor{Kind: actor.User, ID: "boss", Name: "总控"}, actor.Actor{Kind: actor.User, ID: "a", Name: "甲"}, actor.Actor{Kind: actor.User, ID: "b", Name: "乙"}
	mine, city := account.Org{ID: "county"}, account.Org{ID: "city"}
	for _, c := range []struct {
		name string
		from ItemState
		to   ItemState
		a    actor.Actor
		o    account.Org
		kind errs.Kind
	}{
		{"whose it is says it is done", ItemOpen, ItemDone, does, mine, ""},
		{"a controller says it is done", ItemOpen, ItemDone, boss, city, ""},
		{"another organisation does not", ItemOpen, ItemDone, other, city, errs.Denied},
		{"a controller has seen it", ItemDone, ItemVerified, boss, city, ""},
		{"whose it is does not verify itself", ItemDone, ItemVerified, does, mine, errs.Conflict},
		{"what is open is not verified", ItemOpen, ItemVerified, boss, city, errs.Conflict},
		{"a controller opens it again", ItemVerified, ItemOpen, boss, city, ""},
		{"whose it is does not", ItemDone, ItemOpen, does, mine, errs.Conflict},
		{"what is done is not done again", ItemDone, ItemDone, does, mine, errs.Conflict},
		{"there is no other state", ItemOpen, "lost", boss, city, errs.Conflict},
	} {
		i := Item{OrgID: "county", State: c.from}
		got, err := i.settle(c.to, "换了水泵", c.a, c.o, d, instant("10:00:00"))
		if errs.KindOf(err) != c.kind || (err == nil && got.State != c.to) || (err != nil && got != i) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	i := Item{OrgID: "county", State: ItemOpen}
	i, err := i.settle(ItemDone, "换了水泵", does, mine, d, instant("10:00:00"))
	if err != nil || i.How != "换了水泵" || i.DoneBy != "甲" || !i.DoneAt.Equal(instant("10:00:00")) {
		t.Errorf("%+v, %v", i, err)
	}
	i, err = i.settle(ItemOpen, "", boss, city, d, instant("11:00:00"))
	if err != nil || i.DoneAt != nil || i.DoneBy != "" {
		t.Errorf("open again: %+v, %v", i, err)
	}
}

func TestWhatAYearOwes(t *testing.T) {
	pack := Pack{Quotas: []Quota{
		{ID: QuotaNew, Kinds: []plan.Kind{plan.Special}, Times: 2, Years: 1},
		{ID: QuotaRevised, Kinds: []plan.Kind{plan.Special}, Times: 1, Years: 1},
		{ID: QuotaDepartment, Kinds: []plan.Kind{plan.Departmental}, Times: 1, Years: 1, Combined: true},
		{ID: QuotaStanding, Kinds: []plan.Kind{plan.Special}, Times: 1, Years: 3},
	}}
	published := func(day string) *time.Time {
		v, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return &v
	}
	flood := plan.Plan{ID: "flood", Name: "防汛", Kind: plan.Special, OrgID: "city", Version: 1, Published: published("2026-03-01")}
	revised, standing, draft, later, other := flood, flood, flood, flood, flood
	revised.Version = 2
	standing.Published = published("2024-03-01")
	draft.Version, draft.Published = 0, nil
	later.Published = published("2027-01-05")
	other.Kind, other.OrgID = plan.Departmental, "bureau"
	held := func(day string, state State, combined bool) Drill {
		return Drill{PlanID: "flood", PlannedOn: day, State: state, OrgID: "bureau", Combined: combined}
	}
	for _, c := range []struct {
		name   string
		plan   plan.Plan
		drills []Drill
		quota  string
		paid   int
		next   int // planned
		owed   int
	}{
		{"a new plan owes two", flood, nil, QuotaNew, 0, 0, 2},
		{"one was closed", flood, []Drill{held("2026-05-01", Closed, false)}, QuotaNew, 1, 0, 1},
		{"one is planned", flood, []Drill{held("2026-05-01", Closed, false), held("2026-12-01", Planned, false)}, QuotaNew, 1, 1, 0},
		{"one that has ended is not closed", flood, []Drill{held("2026-05-01", Ended, false)}, QuotaNew, 0, 1, 1},
		{"one that was called off pays nothing", flood, []Drill{held("2026-05-01", Cancelled, false)}, QuotaNew, 0, 0, 2},
		{"one of last year pays nothing of this", flood, []Drill{held("2025-05-01", Closed, false)}, QuotaNew, 0, 0, 2},
		{"one of next year pays nothing of this", flood, []Drill{held("2027-05-01", Planned, false)}, QuotaNew, 0, 0, 2},
		{"more than is owed takes nothing from others", flood, []Drill{held("2026-05-01", Closed, false), held("2026-06-01", Closed, false), held("2026-07-01", Closed, false)}, QuotaNew, 3, 0, 0},
		{"a revised one owes one", revised, nil, QuotaRevised, 0, 0, 1},
		{"a standing one owes one in three years", standing, []Drill{held("2024-05-01", Closed, false)}, QuotaStanding, 1, 0, 0},
		{"of four years ago", standing, []Drill{held("2023-05-01", Closed, false)}, QuotaStanding, 0, 0, 1},
		{"a draft owes nothing", draft, nil, "", 0, 0, 0},
		{"one of next year owes nothing yet", later, nil, "", 0, 0, 0},
		{"a department owes a combined one", other, []Drill{held("2026-05-01", Closed, false)}, QuotaDepartment, 0, 0, 1},
		{"that it has held", other, []Drill{held("2026-05-01", Closed, true)}, QuotaDepartment, 1, 0, 0},
	} {
		got := programme(pack, 2026, []plan.Plan{c.plan}, []account.Org{{ID: "city"}, {ID: "bureau"}}, c.drills)
		if c.quota == "" {
			if len(got.Rows) != 0 || got.Owed != 0 {
				t.Errorf("%s: %+v", c.name, got)
			}
			continue
		}
		if len(got.Rows) != 1 || got.Rows[0].Quota != c.quota || got.Rows[0].Paid != c.paid || got.Rows[0].Planned != c.next || got.Owed != c.owed {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
