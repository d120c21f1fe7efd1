package response_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/channel/httpsms"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// house is a city with a county where an officer is on duty day and night.
type house struct {
	*response.Service
	t                testing.TB
	db               *store.DB
	plans            *plan.Service
	incidents        *incident.Service
	roster           *duty.Service
	clocks           *deadline.Service
	notices          *notice.Service
	accounts         *account.Service
	city, county     account.Org
	chief, second    context.Context // leaders of the city
	officer, outside context.Context // officers of the county and of another
	onDuty           duty.Person
	ahead            atomic.Int64 // nanoseconds by which the clocks of the house have been moved on
	mu               sync.Mutex
	sent             []string
	heard            int // messages that told has seen
	system           context.Context
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func newHouse(t testing.TB, db *store.DB) *house {
	t.Helper()
	h := &house{t: t, db: db, system: actor.WithSystem(t.Context(), "test")}
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
	h.roster = duty.New(duty.Options{Store: store.NewDuty(db), Tx: db, Accounts: h.accounts, Events: bus})
	book, err := deadline.LoadBook("../../../firmware-configs/deadlines")
	h.must(err)
	machine := deadline.MachineClocks()
	h.clocks = deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Desks: h.roster, Events: bus, Book: book, Clocks: func() deadline.Sample {
		s := machine()
		ahead := time.Duration(h.ahead.Load())
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
	h.notices = notice.New(notice.Options{Store: store.NewNotices(db), Tx: db, Channels: []notice.Channel{{Name: "sms", Sender: sms}}, Events: bus})
	pack, err := plan.LoadPack("../../../firmware-configs/plans")
	h.must(err)
	h.plans = plan.New(plan.Options{Store: store.NewPlans(db), Tx: db, Accounts: h.accounts, Roster: h.roster, Clocks: h.clocks, Events: bus, Pack: pack})
	categories, err := incident.LoadCategories("../../../firmware-configs/incidents/categories.yml")
	h.must(err)
	desks := incident.Desks{Accounts: h.accounts}
	h.incidents = incident.New(incident.Options{Store: store.NewIncidents(db), Tx: db, Desks: desks, Categories: categories, Events: bus})
	h.Service = response.New(response.Options{
		Store: store.NewResponses(db), Tx: db, Desks: desks, People: h.accounts, Incidents: h.incidents, Plans: h.plans, Roster: h.roster, Clocks: h.clocks, Notices: h.notices, Book: book,
		Events: bus, URL: "https://centre.example/",
	})
	h.incidents.Parts = []incident.Part{h.Service}
	h.clocks.On(response.OwnerKind, h.OnClock)
	h.clocks.On(response.ReportKind, h.OnReportClock)
	h.clocks.On(plan.OwnerKind, h.plans.OnClock)
	h.chief, h.second = h.user("市长", h.city, account.RoleLeader), h.user("副市长", h.city, account.RoleLeader)
	h.officer, h.outside = h.user("甲", h.county, account.RoleDuty), h.user("丙", other, account.RoleDuty)
	a, _ := actor.From(h.officer)
	h.onDuty, err = h.roster.SavePerson(h.system, duty.Person{OrgID: h.county.ID, Name: "甲", UserID: a.ID, Active: true, Phones: []duty.Phone{{Kind: "mobile", Number: "13800000001"}}})
	h.must(err)
	post, err := h.roster.SavePost(h.system, duty.Post{OrgID: h.county.ID, Name: "值班员", Tier: duty.Officer, Continuous: true})
	h.must(err)
	heads := map[duty.Class]int{}
	for _, c := range duty.Classes() {
		heads[c] = 1
	}
	_, err = h.roster.SaveRule(h.system, duty.NewRule{
		PostID: post.ID, From: duty.DayOf(time.Now(), time.FixedZone("CST", 8*3600)), Watches: []duty.Watch{{Name: "全天", From: "00:00", To: "00:00"}},
		Heads: heads, Rotations: []duty.Rotation{{Name: "一人", Keep: 1, Members: []string{h.onDuty.ID}}},
	})
	h.must(err)
	return h
}

// wrote reports whether the timeline has a line of that act with these words.
func (h *house) wrote(i incident.Incident, act, words string) bool {
	h.t.Helper()
	room, err := h.incidents.Room(h.system, i.ID)
	h.must(err)
	return slices.ContainsFunc(room.Steps, func(st incident.Step) bool { return st.Act == act && strings.Contains(st.Text, words) })
}

func (h *house) user(name string, org account.Org, role string) context.Context {
	h.t.Helper()
	u, _, err := h.accounts.CreateUser(h.system, account.NewUser{Username: "u" + event.Stamp(time.Now()).Format("150405.000000"), Name: name, OrgID: org.ID, Roles: []string{role}})
	h.must(err)
	return actor.With(h.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: name, DivisionCode: org.Division, Permissions: account.Permissions([]string{role})})
}

// body is a plan of two levels: at IV the officer of the county reports, at III the county acts as well and somebody
// whom the plan does not name.
func (h *house) body() plan.Body {
	return plan.Body{
		Chapters: []plan.Chapter{{ID: "c1", Depth: 1, Title: "总则", Text: "目的"}, {ID: "c2", Depth: 1, Title: "响应", Text: "措施"}},
		Levels: []plan.Level{
			{Level: 4, Conditions: []plan.Condition{{Text: "有险情"}}, Clause: "c2"},
			{Level: 3, Conditions: []plan.Condition{{Text: "转移 50 人以上", Figure: "moved", Least: 50}}, Clause: "c2"},
		},
		Roles: []plan.Role{
			{ID: "desk", Name: "值班室", Fill: plan.Fill{How: "duty", OrgID: h.county.ID, Tier: "officer", Name: "如东县 值班员"}, Clause: "c2"},
			{ID: "county", Name: "县指挥部", Fill: plan.Fill{How: "org", OrgID: h.county.ID}, Clause: "c2"},
		},
		Actions: []plan.Action{
			{ID: "report", Title: "报告", Levels: []int{4, 3}, RoleID: "desk", From: "start", Minutes: 30, Clause: "c2", Evidence: []string{"text"}},
			{ID: "watch", Title: "加密监测", Levels: []int{4, 3}, RoleID: "desk", From: "after", After: []string{"report"}, Minutes: 30, Clause: "c2", Condition: "水位继续上涨"},
			{ID: "move", Title: "转移群众", Levels: []int{3}, RoleID: "county", From: "start", Minutes: 120, Clause: "c2", Evidence: []string{"photo", "position"}},
		},
	}
}

func (h *house) published(b plan.Body) plan.Plan {
	h.t.Helper()
	p, err := h.plans.Make(h.chief, plan.Head{Name: "防汛应急预案", Kind: plan.Special, Category: "natural.flood", OrgID: h.city.ID})
	h.must(err)
	return h.approve(p, b)
}

// approve writes a plan and takes it through to its publication.
func (h *house) approve(p plan.Plan, b plan.Body) plan.Plan {
	h.t.Helper()
	p, err := h.plans.Write(h.chief, p.ID, p.Revision, b)
	h.must(err)
	for _, to := range []plan.State{plan.Consulting, plan.Reviewing, plan.Approving, plan.Published} {
		who, n := h.chief, plan.NewStep{To: to, Edit: p.Edit, Note: "按程序"}
		if to == plan.Published {
			who, n.Number = h.second, "通政办函〔2026〕1号"
		}
		p, err = h.plans.Move(who, p.ID, n)
		h.must(err)
	}
	return p
}

func (h *house) flood() incident.Incident {
	h.t.Helper()
	i, err := h.incidents.Open(h.officer, incident.Draft{Title: "洋口镇圩堤渗漏", Category: "natural.flood", Place: "洋口镇"})
	h.must(err)
	return i
}

func (h *house) start(i incident.Incident, p plan.Plan, level int) response.Outcome {
	h.t.Helper()
	out, err := h.Activate(h.chief, i.ID, response.Start{PlanID: p.ID, Version: p.Version, Level: level, Order: "市长口头命令"})
	h.must(err)
	return out
}

func (h *house) view(i incident.Incident) response.View {
	h.t.Helper()
	v, err := h.View(h.chief, i.ID)
	h.must(err)
	return v
}

func named(list []response.Task, action string) response.Task {
	for _, t := range list {
		if t.ActionID == action && t.State != response.Void {
			return t
		}
	}
	return response.Task{}
}

func TestAPlanIsProposedWithTheReasonsAndTheLevelThatTheFiguresMeet(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p := h.published(h.body())
	i := h.flood()
	list, err := h.Propose(h.officer, i.ID)
	h.must(err)
	if len(list) != 1 || list[0].PlanID != p.ID || list[0].Level != 4 || fmt.Sprint(list[0].Why) != "[{category natural.flood} {above 南通市} {lowest }]" {
		t.Fatalf("proposed %+v", list)
	}
	_, err = h.incidents.Count(h.officer, i.ID, incident.Figure{Kind: "evacuated", Value: 60, Source: "乡镇"})
	h.must(err)
	list, err = h.Propose(h.officer, i.ID)
	h.must(err)
	if list[0].Level != 3 || list[0].Why[2] != (response.Reason{Code: "figure", Text: "转移 50 人以上"}) || list[0].Levels[0].Tasks != 3 {
		t.Errorf("with figures %+v", list[0])
	}
	if _, err := h.Propose(h.outside, i.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another county: %v", err)
	}
	fire, err := h.incidents.Open(h.officer, incident.Draft{Title: "火灾", Category: "accident.fire", Place: "洋口镇"})
	h.must(err)
	if list, err := h.Propose(h.officer, fire.ID); err != nil || len(list) != 0 {
		t.Errorf("a fire: %v %v", list, err)
	}
}

func TestAResponseBeginsRisesFallsAndEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		p := h.published(h.body())
		i := h.flood()
		out := h.start(i, p, 4)
		if !out.New || out.Added != 2 || out.Open != 0 || out.Response.Hash == "" {
			t.Fatalf("started %+v", out)
		}
		v := h.view(i)
		report, watch := named(v.Tasks, "report"), named(v.Tasks, "watch")
		if len(v.Responses) != 1 || len(v.Responses[0].Seats) != 1 || v.Responses[0].Seats[0].Members[0].Name != "甲" {
			t.Fatalf("seats %+v", v.Responses)
		}
		if report.DueAt.Sub(out.Response.StartedAt) != 30*time.Minute || watch.DueAt.Sub(out.Response.StartedAt) != time.Hour || report.Clause != "2 响应" || report.Version != 1 {
			t.Errorf("tasks %+v", v.Tasks)
		}
		clock, err := h.clocks.Of(h.system, deadline.Owner{Kind: response.OwnerKind, ID: report.ID}, "task")
		h.must(err)
		if clock.State != deadline.Running || !clock.DueAt.Equal(report.DueAt) || clock.OrgID != h.county.ID {
			t.Errorf("clock %+v", clock)
		}
		got, err := h.incidents.Room(h.chief, i.ID)
		h.must(err)
		if got.Response != 4 {
			t.Errorf("the incident's response is %d", got.Response)
		}
		// The same again changes nothing.
		if again := h.start(i, p, 4); again.New || again.Added != 0 || again.Response.ID != out.Response.ID {
			t.Errorf("again %+v", again)
		}
		if _, err := h.Activate(h.chief, i.ID, response.Start{PlanID: p.ID, Version: 1, Level: 3, Order: "令"}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("activated at another level: %v", err)
		}
		// Raising gives what is missing.
		up, err := h.Shift(h.chief, out.Response.ID, 3, "指令 2 号", "")
		h.must(err)
		if up.Added != 1 || up.Voided != 0 {
			t.Errorf("raised %+v", up)
		}
		v = h.view(i)
		if named(v.Tasks, "report").ID != report.ID || len(v.Tasks) != 3 || named(v.Tasks, "move").SeatName != "县指挥部" {
			t.Errorf("after raising %+v", v.Tasks)
		}
		// What is begun stays when it is lowered; the rest is taken back.
		move := named(v.Tasks, "move")
		down, err := h.Shift(h.chief, out.Response.ID, 4, "指令 3 号", "")
		h.must(err)
		if down.Voided != 1 {
			t.Errorf("lowered %+v", down)
		}
		if d, err := h.Task(h.chief, move.ID); err != nil || d.State != response.Void || len(d.Lines) != 1 {
			t.Errorf("void task %+v %v", d, err)
		}
		again, err := h.Shift(h.chief, out.Response.ID, 3, "指令 4 号", "")
		h.must(err)
		if again.Added != 1 {
			t.Errorf("raised again %+v", again)
		}
		_, err = h.Do(h.officer, named(h.view(i).Tasks, "move").ID, response.Step{Kind: "start"})
		h.must(err)
		end, err := h.Shift(h.chief, out.Response.ID, 0, "终止令", "")
		h.must(err)
		if end.Voided != 2 || end.Response.EndedAt == nil {
			t.Errorf("ended %+v", end)
		}
		if c, err := h.clocks.Of(h.system, deadline.Owner{Kind: response.OwnerKind, ID: report.ID}, "task"); err != nil || c.State != deadline.Dropped {
			t.Errorf("clock of a task that was taken back: %+v %v", c, err)
		}
		v = h.view(i)
		if len(v.Responses[0].Changes) != 5 || named(v.Tasks, "move").State != response.Started {
			t.Errorf("history %+v", v.Responses[0].Changes)
		}
		room, err := h.incidents.Room(h.chief, i.ID)
		h.must(err)
		if room.Response != 0 {
			t.Errorf("the incident's response is %d", room.Response)
		}
	})
}

// Who stands at the desk is shown their page; the address is theirs alone, and that it was shown is written down.
func TestAnAddressIsShownAtTheDesk(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		p := h.published(h.body())
		i := h.flood()
		h.start(i, p, 3)
		r := h.view(i).Responses[0]
		k := slices.IndexFunc(r.Seats, func(s response.Seat) bool { return len(s.Members) > 0 && s.Members[0].PersonID != "" })
		held := r.Seats[k]
		if _, err := h.Show(h.outside, r.ID, held.ID, held.Members[0].PersonID); err == nil {
			t.Error("another organisation was shown an address")
		}
		if _, err := h.Show(h.chief, r.ID, held.ID, "somebody else"); errs.KindOf(err) != errs.Invalid {
			t.Errorf("an address for who does not hold the role: %v", err)
		}
		shown, err := h.Show(h.chief, r.ID, held.ID, held.Members[0].PersonID)
		h.must(err)
		token, found := strings.CutPrefix(shown.Address, "https://centre.example/t/")
		if !found || shown.Name != held.Members[0].Name {
			t.Fatalf("shown %+v", shown)
		}
		page, err := h.Open(t.Context(), token)
		h.must(err)
		if page.Person != shown.Name || len(page.Tasks) == 0 {
			t.Errorf("page %+v", page)
		}
		room, err := h.incidents.Room(h.chief, i.ID)
		h.must(err)
		last := room.Steps[len(room.Steps)-1]
		if last.What() != "指挥·出示地址" || strings.Contains(last.Text, token) {
			t.Errorf("timeline %+v", last)
		}
		again, err := h.Show(h.chief, r.ID, held.ID, held.Members[0].PersonID)
		h.must(err)
		if again.Address == shown.Address {
			t.Error("an address is given twice")
		}
		after, err := h.incidents.Room(h.chief, i.ID)
		h.must(err)
		if len(after.Steps) != len(room.Steps) {
			t.Errorf("the same address shown again adds %d lines", len(after.Steps)-len(room.Steps))
		}
		other := slices.IndexFunc(r.Seats, func(s response.Seat) bool {
			return s.ID != held.ID && len(s.Members) > 0 && s.Members[0].PersonID != ""
		})
		if other < 0 {
			t.Fatal("no second role is held")
		}
		_, err = h.Show(h.chief, r.ID, r.Seats[other].ID, r.Seats[other].Members[0].PersonID)
		h.must(err)
		if after, err = h.incidents.Room(h.chief, i.ID); err != nil || len(after.Steps) != len(room.Steps)+1 {
			t.Errorf("that of another role adds %d lines, want 1: %v", len(after.Steps)-len(room.Steps), err)
		}
	})
}

func TestATaskIsDoneWithItsProofOnThePhone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		h.must(h.notices.Start(h.system))
		t.Cleanup(func() { _ = h.notices.Stop(context.WithoutCancel(h.system)) })
		p := h.published(h.body())
		i := h.flood()
		h.start(i, p, 3)
		link := regexp.MustCompile(`https://centre.example/t/(\S+)`)
		token := ""
		for range 200 {
			h.mu.Lock()
			for _, text := range h.sent {
				if m := link.FindStringSubmatch(text); m != nil {
					token = m[1]
				}
			}
			n := len(h.sent)
			h.mu.Unlock()
			if token != "" {
				if n != 1 {
					t.Errorf("%d messages to one person: %v", n, h.sent)
				}
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		page, err := h.Open(t.Context(), token)
		h.must(err)
		if page.Person != "甲" || len(page.Tasks) != 3 {
			t.Fatalf("page %+v", page)
		}
		if _, err := h.Open(t.Context(), token+"x"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a wrong address: %v", err)
		}
		move := named(page.Tasks, "move")
		task, err := h.StepByLink(t.Context(), token, move.ID, response.Step{Kind: "accept"})
		h.must(err)
		if task.State != response.Accepted {
			t.Errorf("accepted %+v", task)
		}
		if _, err := h.StepByLink(t.Context(), token, move.ID, response.Step{Kind: "done"}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("done without proof: %v", err)
		}
		if _, err := h.PhotoByLink(t.Context(), token, move.ID, []byte("<svg onload=x>")); errs.KindOf(err) != errs.Invalid {
			t.Errorf("no picture: %v", err)
		}
		photo, err := h.PhotoByLink(t.Context(), token, move.ID, aPhoto(t))
		h.must(err)
		lon, lat := 121.05, 32.55
		task, err = h.StepByLink(t.Context(), token, move.ID, response.Step{Kind: "done", Text: "转移 62 人", Photos: []string{photo.ID}, Lon: &lon, Lat: &lat})
		h.must(err)
		if task.State != response.Done || task.StartedAt == nil || task.EndedBy != "甲" {
			t.Errorf("done %+v", task)
		}
		if c, err := h.clocks.Of(h.system, deadline.Owner{Kind: response.OwnerKind, ID: move.ID}, "task"); err != nil || c.State != deadline.Met {
			t.Errorf("clock %+v %v", c, err)
		}
		if got, err := h.Photo(h.chief, move.ID, photo.ID); err != nil || !strings.HasPrefix(string(got.Bytes), "\xff\xd8") {
			t.Errorf("photo: %v", err)
		}
		room, err := h.incidents.Room(h.officer, i.ID)
		h.must(err)
		if last := room.Steps[len(room.Steps)-1]; last.Kind != response.Tasked || last.Act != "done" || last.Ref != move.ID || last.ByName != "甲" {
			t.Errorf("timeline %+v", last)
		}
		if _, err := h.Do(h.outside, move.ID, response.Step{Kind: "note", Text: "x"}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another county: %v", err)
		}
		mine, err := h.Mine(h.officer)
		h.must(err)
		if len(mine) != 3 {
			t.Errorf("own list %+v", mine)
		}
		if watch := named(page.Tasks, "watch"); watch.Condition == "" {
			t.Error("condition is lost")
		} else if task, err = h.Do(h.officer, watch.ID, response.Step{Kind: "needless", Text: "水位已落"}); err != nil || task.State != response.Needless {
			t.Errorf("needless: %+v %v", task, err)
		}
		if _, err := h.Do(h.officer, named(page.Tasks, "report").ID, response.Step{Kind: "needless", Text: "x"}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a task without a condition: %v", err)
		}
	})
}

func TestALateTaskIsToldOnceAndClimbs(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p := h.published(h.body())
	i := h.flood()
	h.start(i, p, 4)
	h.clocks.Start(h.system)
	t.Cleanup(func() { _ = h.clocks.Stop(context.WithoutCancel(h.system)) })
	h.ahead.Store(int64(40 * time.Minute))
	var report response.Task
	for range 300 {
		if report = named(h.view(i).Tasks, "report"); report.LateAt != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if report.LateAt == nil || report.Steps != 1 {
		t.Fatalf("not late: %+v", report)
	}
	room, err := h.incidents.Room(h.chief, i.ID)
	h.must(err)
	if last := room.Steps[len(room.Steps)-1]; last.Act != "late" {
		t.Errorf("timeline %+v", last)
	}
}

func TestOpenSeatsAreShownAndHinderNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		b := h.body()
		b.Roles[1].Fill = plan.Fill{How: "duty", OrgID: h.county.ID, Tier: "leader", Name: "如东县 带班领导"} // nobody leads there
		b.Actions[2].Evidence = nil
		p, err := h.plans.Make(h.chief, plan.Head{Name: "草案", Kind: plan.Special, Category: "natural.flood", OrgID: h.city.ID})
		h.must(err)
		p, err = h.plans.Write(h.chief, p.ID, p.Revision, b)
		h.must(err)
		i := h.flood()
		st := response.Start{PlanID: p.ID, Level: 3, Order: "市长口头命令", Why: "堤防正在渗漏，等不到审批"}
		if _, err := h.Activate(h.chief, i.ID, st); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a draft without an emergency: %v", err)
		}
		st.Emergency = true
		out, err := h.Activate(h.chief, i.ID, st)
		h.must(err)
		if out.Response.Approved || out.Added != 3 || out.Open != 1 {
			t.Fatalf("emergency %+v", out)
		}
		if !h.wrote(i, "above", "南通市此刻无人在班，请电话告知") {
			t.Error("nobody is on duty above, and nothing says so")
		}
		town, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.county.ID, Name: "洋口镇", Division: "320623"})
		h.must(err)
		j := h.flood()
		_, err = h.Activate(h.user("镇长", town, account.RoleLeader), j.ID, st)
		h.must(err)
		if !h.wrote(j, "above", "已告知如东县：甲") { // an officer, for no leader is on duty there
			t.Error("the desk above is not told")
		}
		v := h.view(i)
		seat := v.Responses[0].Seats[1]
		if seat.Open != response.OpenRoster || seat.Wanted != "如东县 带班领导" {
			t.Errorf("open seat %+v", seat)
		}
		// The draft may be written on; what was begun is carried out as it was.
		b.Actions = b.Actions[:1]
		_, err = h.plans.Write(h.chief, p.ID, p.Revision, b)
		h.must(err)
		_, err = h.Shift(h.chief, out.Response.ID, 4, "令", "")
		h.must(err)
		up, err := h.Shift(h.chief, out.Response.ID, 3, "令", "")
		h.must(err)
		if up.Added != 1 {
			t.Errorf("raised by the frozen text: %+v", up)
		}
		filled, err := h.Seat(h.chief, out.Response.ID, seat.ID, response.Fill{PersonID: h.onDuty.ID, Why: "临时指定"})
		h.must(err)
		if filled.Open != "" || filled.Members[0].Name != "甲" {
			t.Errorf("filled %+v", filled)
		}
		task, err := h.Order(h.chief, i.ID, response.Give{ResponseID: out.Response.ID, SeatID: seat.ID, Title: "调一台泵", DueAt: time.Now().Add(time.Hour)})
		h.must(err)
		if task.ActionID != "" || task.OrgID != h.county.ID {
			t.Errorf("ordered %+v", task)
		}
	})
}

func TestOneCommandsUntilTheOtherHasTakenIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		p := h.published(h.body())
		i := h.flood()
		c, err := h.Take(h.chief, i.ID, response.Act{Do: "take", Post: "总指挥"})
		h.must(err)
		if _, err := h.Take(h.second, i.ID, response.Act{Do: "take", Edit: c.Edit}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("taken twice: %v", err)
		}
		if _, err := h.Activate(h.second, i.ID, response.Start{PlanID: p.ID, Version: 1, Level: 4, Order: "令"}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("ordered by another: %v", err)
		}
		h.start(i, p, 4)
		other, _ := actor.From(h.second)
		c, err = h.Take(h.chief, i.ID, response.Act{Do: "offer", To: other.ID, Edit: c.Edit})
		h.must(err)
		if c.HolderName != "市长" || c.OfferedName != "副市长" {
			t.Errorf("offered %+v", c)
		}
		if _, err := h.Take(h.officer, i.ID, response.Act{Do: "accept", Edit: c.Edit}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("accepted by a third: %v", err)
		}
		c, err = h.Take(h.second, i.ID, response.Act{Do: "accept", Edit: c.Edit})
		h.must(err)
		if v := h.view(i); v.Responses[0].Orders || v.Command.HolderName != "副市长" || v.Command.Post != "总指挥" {
			t.Errorf("view %+v", v)
		}
		if _, err := h.Take(h.chief, i.ID, response.Act{Do: "seize", Why: "啊啊啊啊啊啊啊", Edit: c.Edit}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("seized without a reason: %v", err)
		}
		c, err = h.Take(h.chief, i.ID, response.Act{Do: "seize", Why: "副市长电话不通，现场等令", Edit: c.Edit})
		h.must(err)
		_, err = h.Take(h.chief, i.ID, response.Act{Do: "leave", Why: "转交现场", Edit: c.Edit})
		h.must(err)
		left := h.view(i).Command
		if left == nil || left.HolderID != "" {
			t.Fatalf("given up: %+v", left)
		}
		if _, err := h.Take(h.second, i.ID, response.Act{Do: "take", Edit: left.Edit}); err != nil {
			t.Errorf("taken with the edit that was seen: %v", err)
		}
	})
}

// TestALargePlanIsActivatedWhole is a plan of 150 tasks, 40 roles and 4 levels.
func TestALargePlanIsActivatedWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		p := h.published(h.large())
		out := h.start(h.flood(), p, 1)
		if out.Added != 150 {
			t.Errorf("%d tasks", out.Added)
		}
		down, err := h.Shift(h.chief, out.Response.ID, 4, "令", "")
		h.must(err)
		if down.Voided != 150-37 {
			t.Errorf("%d taken back", down.Voided)
		}
	})
}
