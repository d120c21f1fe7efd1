package report_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// room is a city above a county and its neighbour, the county above a township.
type room struct {
	*report.Service
	t         *testing.T
	accounts  *account.Service
	incidents *incident.Service
	clocks    *deadline.Service
	orgs      map[string]account.Org
	system    context.Context
	ahead     time.Duration
	bus       *event.Bus
}

func newRoom(t *testing.T, db *store.DB) *room {
	t.Helper()
	r := &room{t: t, system: actor.WithSystem(t.Context(), "test"), orgs: map[string]account.Org{}, bus: event.NewBus(nil)}
	kept := store.NewAccounts(db)
	var err error
	r.accounts, err = account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: r.bus})
	r.must(err)
	_, err = r.accounts.EnsureFirst(r.system, account.First{OrgName: "市", OrgNameEN: "City", Division: "320600"})
	r.must(err)
	r.orgs["city"], err = r.accounts.TopOrg(r.system)
	r.must(err)
	for _, o := range []struct{ id, above, name, division string }{{"county", "city", "如东县", "320623"}, {"neighbour", "city", "启东市", "320681"}, {"town", "county", "洋口镇", "320623104"}} {
		r.orgs[o.id], err = r.accounts.CreateOrg(r.system, account.NewOrg{ParentID: r.orgs[o.above].ID, Name: o.name, Division: o.division})
		r.must(err)
	}
	desks := incident.Desks{Accounts: r.accounts}
	categories, err := incident.LoadCategories("../../../firmware-configs/incidents/categories.yml")
	r.must(err)
	book, err := deadline.LoadBook("../../../firmware-configs/deadlines")
	r.must(err)
	templates, err := report.LoadTemplates("../../../firmware-configs/reports/templates.yml")
	r.must(err)
	grading, err := report.LoadGrading("../../../firmware-configs/reports/grading.yml")
	r.must(err)
	machine := deadline.MachineClocks()
	r.clocks = deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Events: r.bus, Book: book, Clocks: func() deadline.Sample {
		s := machine()
		s.Wall, s.Up = s.Wall.Add(r.ahead), s.Up+r.ahead
		return s
	}})
	r.incidents = incident.New(incident.Options{Store: store.NewIncidents(db), Tx: db, Desks: desks, Categories: categories, Events: r.bus})
	r.Service = report.New(report.Options{
		Store: store.NewReports(db), Tx: db, Desks: desks, Incidents: r.incidents, Clocks: r.clocks, Book: book, Templates: templates, Grading: grading, Categories: categories, Events: r.bus,
	})
	r.incidents.Follow = r.Follow
	r.clocks.On(report.OwnerKind, r.OnClock)
	r.clocks.On(report.TaskKind, r.OnTask)
	return r
}

func (r *room) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// as signs in somebody of an organisation; each role and organisation has one person.
func (r *room) as(org, role string) context.Context {
	r.t.Helper()
	o := r.orgs[org]
	name := org + "-" + role
	u, _, err := r.accounts.CreateUser(r.system, account.NewUser{Username: name, Name: name, OrgID: o.ID, Roles: []string{role}, Password: "Correct-horse-7"})
	r.must(err)
	return actor.With(r.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: u.Name, DivisionCode: u.Division, Permissions: account.Permissions([]string{role})})
}

func (r *room) fire(ctx context.Context) incident.Incident {
	r.t.Helper()
	i, err := r.incidents.Open(ctx, incident.Draft{Title: "洋口仓库火灾", Category: "accident.work_safety", Place: "洋口镇化工园区", Summary: "仓库起火", OccurredAt: time.Now().Add(-5 * time.Minute)})
	r.must(err)
	return i
}

func edits(pairs ...string) (out []report.Edit) {
	for n := 0; n < len(pairs); n += 3 {
		out = append(out, report.Edit{Field: pairs[n], From: pairs[n+1], To: pairs[n+2]})
	}
	return out
}

func (r *room) running(kind string) bool {
	r.t.Helper()
	list, err := r.clocks.Running(r.system, "", page.Request{Limit: page.MaxLimit})
	r.must(err)
	return slices.ContainsFunc(list.Items, func(c deadline.Clock) bool { return c.Kind == kind })
}

// The whole way: phone, first report, returned, done again, accepted, follow-up with what changed, final, correction.
func TestAChainGoesUpAndItsClocksAreMet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		county, city, leader := r.as("county", account.RoleDuty), r.as("city", account.RoleDuty), r.as("county", account.RoleLeader)
		i := r.fire(county)
		if !r.running(report.ClockPhone) || !r.running(report.ClockWritten) {
			t.Fatal("no clock runs after the incident was opened")
		}
		_, err := r.Phoned(county, i.ID, report.Call{Text: "已电话报市值班室张三"})
		r.must(err)
		if r.running(report.ClockPhone) {
			t.Error("the clock of the phone report runs on")
		}
		v, err := r.Begin(county, i.ID, "")
		r.must(err)
		if v.Kind != report.First || v.Values["place"] != "洋口镇化工园区" || len(v.Check.Core) != 1 {
			t.Fatalf("began %+v", v)
		}
		if again, err := r.Begin(county, i.ID, ""); err != nil || again.ID != v.ID {
			t.Fatalf("began twice: %v %v", again.ID, err)
		}
		saved, err := r.Save(county, v.ID, edits("unit", "", "某化工公司（演示）", "figure.dead", "", "3", "level", "0", "3"))
		r.must(err)
		send := report.Sending{Version: saved.Version, Signer: "李县长", How: "oral"}
		if _, err := r.Send(county, v.ID, report.Sending{Version: 1, Signer: "李", How: "oral"}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("sent over a version that nobody saw: %v", err)
		}
		v, err = r.Send(county, v.ID, send)
		r.must(err)
		if v.State != report.Sent || len(v.Hops) != 1 || v.Hops[0].DeliveredAt == nil || len(v.Missing) == 0 || v.Proposed != 3 {
			t.Fatalf("sent %+v", v)
		}
		if r.running(report.ClockWritten) || !r.running(report.ClockFollow) {
			t.Error("the written clock runs on, or that of the follow-up does not")
		}
		if got, err := r.incidents.Room(county, i.ID); err != nil || got.Level != 3 || incident.Newest(got.Figures)["dead"].Value != 3 {
			t.Errorf("the incident: level %d, figures %+v, %v", got.Level, got.Figures, err)
		}
		if _, err := r.Save(county, v.ID, edits("brief", "仓库起火", "改写")); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a sent report was changed: %v", err)
		}
		desk, err := r.Desk(city)
		r.must(err)
		if len(desk.Waiting) != 2 {
			t.Fatalf("waiting at the city: %+v", desk.Waiting)
		}
		hop := desk.Waiting[slices.IndexFunc(desk.Waiting, func(h report.Hop) bool { return h.Kind == report.Up })]
		_, err = r.Open(city, hop.ID)
		r.must(err)
		_, err = r.Return(city, hop.ID, "缺现场负责人")
		r.must(err)
		if _, err := r.Accept(city, hop.ID); errs.KindOf(err) != errs.Conflict {
			t.Errorf("accepted after it was returned: %v", err)
		}
		if !r.running(report.ClockWritten) {
			t.Error("what was returned is not due again")
		}
		if r.running(report.ClockFollow) {
			t.Error("a follow-up of what was returned is due beside it")
		}
		v, err = r.Begin(county, i.ID, "")
		r.must(err)
		if v.Kind != report.First || v.Replaces == "" || v.Values["unit"] == "" {
			t.Fatalf("after the return: %+v", v)
		}
		saved, err = r.Save(county, v.ID, edits("scene_lead", "", "王五"))
		r.must(err)
		v, err = r.Send(leader, v.ID, report.Sending{Version: saved.Version, How: "self"})
		r.must(err)
		if v.Signer != "county-leader" {
			t.Errorf("signed by %q", v.Signer)
		}
		_, err = r.Accept(city, v.Hops[0].ID)
		r.must(err)
		v, err = r.Begin(county, i.ID, "")
		r.must(err)
		if v.Title != "洋口仓库火灾（续报一）" || len(v.Check.Changed) != 0 {
			t.Fatalf("follow-up: %q %v", v.Title, v.Check.Changed)
		}
		saved, err = r.Save(county, v.ID, edits("figure.dead", "3", "2"))
		r.must(err)
		if len(saved.Check.Questions) != 1 || saved.Check.Questions[0].Key != "shrinks figure.dead 3>2" {
			t.Fatalf("a figure that shrinks: %+v", saved.Check.Questions)
		}
		_, err = r.Send(county, v.ID, report.Sending{Version: saved.Version, Signer: "李", How: "oral"})
		if e, ok := errors.AsType[*errs.Error](err); !ok || e.Code != "report.unanswered" {
			t.Errorf("sent without an answer: %v", err)
		}
		// An answer is to one value: to another it is none, and what was never asked is not kept.
		saved, err = r.Save(county, v.ID, edits("answer shrinks figure.dead 3>2", "", "一人误报", "figure.dead", "2", "1", "answer x", "", strings.Repeat("长", 100)))
		r.must(err)
		if len(saved.Answers) != 0 || len(saved.Check.Questions) != 1 || saved.Check.Questions[0].Key != "shrinks figure.dead 3>1" {
			t.Errorf("answered before the value changed: %v, asked %+v", saved.Answers, saved.Check.Questions)
		}
		saved, err = r.Save(county, v.ID, edits("answer shrinks figure.dead 3>2", "", "一人误报", "figure.dead", "1", "2", "level_why", "", "按原定级"))
		r.must(err)
		if _, err := r.Save(county, v.ID, edits("waive nothing", "", "x")); errs.KindOf(err) != errs.Invalid {
			t.Errorf("waived what is no element: %v", err)
		}
		v, err = r.Send(county, v.ID, report.Sending{Version: saved.Version, Signer: "李", How: "oral", Copies: []string{r.orgs["neighbour"].ID}})
		r.must(err)
		if !slices.Equal(v.Changed, []string{"figure.dead"}) || len(v.Hops) != 2 {
			t.Errorf("follow-up sent: %v, %d hops", v.Changed, len(v.Hops))
		}
		v, err = r.Begin(county, i.ID, report.Final)
		r.must(err)
		_, err = r.Send(county, v.ID, report.Sending{Version: v.Version, Signer: "李", How: "oral"})
		if e, ok := errors.AsType[*errs.Error](err); !ok || e.Code != "report.incomplete" || e.Fields["handling"] == "" {
			t.Errorf("a final report with gaps: %v", err)
		}
		var fill []report.Edit
		for _, el := range v.Check.Missing {
			fill = append(fill, report.Edit{Field: "waive " + el, To: "尚在调查"})
		}
		saved, err = r.Save(county, v.ID, append(fill, edits("handling", "", "明火已扑灭")...))
		r.must(err)
		_, err = r.Send(county, v.ID, report.Sending{Version: saved.Version, Signer: "李", How: "oral"})
		r.must(err)
		if r.running(report.ClockFollow) {
			t.Error("a follow-up is due after the final report")
		}
		if v, err = r.Begin(county, i.ID, ""); err != nil || v.Kind != report.Correction {
			t.Errorf("after the final report: %v %v", v.Kind, err)
		}
	})
}

func TestTwoEditorsSeeTheirConflictFieldByField(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	one, two := r.as("county", account.RoleDuty), r.as("county", account.RoleLeader)
	i := r.fire(one)
	v, err := r.Begin(one, i.ID, "")
	r.must(err)
	_, err = r.Save(one, v.ID, edits("trend", "", "可控", "cause", "", "电气"))
	r.must(err)
	saved, err := r.Save(two, v.ID, edits("trend", "", "蔓延", "measures", "", "疏散", "cause", "", "电气"))
	r.must(err)
	if len(saved.Conflicts) != 1 || saved.Conflicts[0] != (report.Conflict{Field: "trend", Mine: "蔓延", Theirs: "可控", By: "county-duty"}) {
		t.Fatalf("conflicts %+v", saved.Conflicts)
	}
	if saved.Values["trend"] != "可控" || saved.Values["measures"] != "疏散" {
		t.Errorf("kept %v", saved.Values)
	}
	if saved, err = r.Save(two, v.ID, edits("trend", "可控", "蔓延")); err != nil || saved.Values["trend"] != "蔓延" {
		t.Errorf("decided by a person: %v %v", saved.Values["trend"], err)
	}
}

func TestAClockThatPassesStandsInTheTimeline(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	i := r.fire(r.as("county", account.RoleDuty))
	r.ahead = 2 * time.Hour
	_, err := r.clocks.Turn(r.system)
	r.must(err)
	got, err := r.incidents.Room(r.system, i.ID)
	r.must(err)
	if !slices.ContainsFunc(got.Steps, func(s incident.Step) bool { return s.Act == "late" }) {
		t.Errorf("the timeline: %+v", got.Steps)
	}
}

func TestAnInstructionIsSupervisedToItsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		county, city := r.as("county", account.RoleDuty), r.as("city", account.RoleDuty)
		i := r.fire(county)
		due := time.Now().Add(time.Hour)
		_, err := r.Order(city, i.ID, report.NewInstruction{Leader: "王市长", Text: "查明原因，做好善后", Orgs: []string{r.orgs["county"].ID}, DueAt: due})
		r.must(err)
		if _, err := r.Order(county, i.ID, report.NewInstruction{Leader: "李", Text: "x", Orgs: []string{r.orgs["neighbour"].ID}, DueAt: due}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a county gave its neighbour a task: %v", err)
		}
		list, err := r.Board(county, true)
		r.must(err)
		if len(list) != 1 || !r.running(report.TaskKind) {
			t.Fatalf("the board: %+v", list)
		}
		task := list[0]
		move := func(who context.Context, act report.TaskAct, text string) error {
			moved, err := r.MoveTask(who, task.ID, act, text, task.Version)
			if err == nil {
				task = moved
			}
			return err
		}
		r.must(move(city, report.ActUrge, ""))
		r.must(move(county, report.ActTake, ""))
		if err := move(county, report.ActClose, ""); errs.KindOf(err) != errs.Conflict {
			t.Errorf("the county closed its own task: %v", err)
		}
		r.must(move(county, report.ActAnswer, "已查明"))
		if r.running(report.TaskKind) {
			t.Error("the clock of an answered task runs on")
		}
		r.must(move(city, report.ActBack, "善后未答"))
		if !r.running(report.TaskKind) {
			t.Error("what was sent back is not due again")
		}
		r.must(move(county, report.ActAnswer, "已善后"))
		r.must(move(city, report.ActClose, ""))
		if list, err = r.Board(city, true); err != nil || len(list) != 0 {
			t.Errorf("open after the end: %+v %v", list, err)
		}
	})
}

// TestPermissions is generated over role, object and organisation: what each may do with a report of the county that
// went to the city, and nobody else anything.
func TestPermissions(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	county, city := r.as("county", account.RoleDuty), r.as("city", account.RoleDuty)
	i := r.fire(county)
	draft, err := r.Begin(county, i.ID, "")
	r.must(err)
	saved, err := r.Save(county, draft.ID, edits("unit", "", "某公司"))
	r.must(err)
	sent, err := r.Send(county, draft.ID, report.Sending{Version: saved.Version, Signer: "李", How: "oral"})
	r.must(err)
	hop := sent.Hops[0].ID
	next, err := r.Begin(county, i.ID, "")
	r.must(err)
	writers := []string{account.RoleDuty, account.RoleLeader, account.RoleAdmin}
	for _, role := range []string{account.RoleDuty, account.RoleLeader, account.RoleAdmin, account.RoleTechnician, account.RoleAuditor} {
		for _, org := range []string{"city", "county", "neighbour", "town"} {
			who := county
			switch {
			case role == account.RoleDuty && org == "city":
				who = city
			case role != account.RoleDuty || org != "county":
				who = r.as(org, role)
			}
			may := slices.Contains(writers, role)
			for _, act := range []struct {
				name string
				do   func() error
				ok   bool
			}{
				{"read the sent report", func() error { _, err := r.Get(who, sent.ID); return err }, may && (org == "county" || org == "city")},
				{"read the draft", func() error { _, err := r.Get(who, next.ID); return err }, may && org == "county"},
				{"write the draft", func() error { _, err := r.Save(who, next.ID, nil); return err }, may && org == "county"},
				{"send the draft with a version of nobody", func() error {
					_, err := r.Send(who, next.ID, report.Sending{Version: -1, Signer: "x", How: "oral"})
					if errs.KindOf(err) == errs.Conflict {
						return nil
					}
					return fmt.Errorf("send: %w", err)
				}, may && org == "county"},
				{"open the hop", func() error { _, err := r.Open(who, hop); return err }, may && org == "city"},
				{"begin a report of the incident", func() error { _, err := r.Begin(who, i.ID, ""); return err }, may && (org == "county" || org == "city")},
				{"read the incident", func() error { _, err := r.incidents.Get(who, i.ID); return err }, may && (org == "county" || org == "city")},
				{"judge the county", func() error {
					_, err := r.Judge(who, i.ID, report.NewJudgement{OrgID: r.orgs["county"].ID, Fault: report.Concealed, Reason: "x", Evidence: "y"})
					return err
				}, org == "city" && (role == account.RoleLeader || role == account.RoleAdmin)},
				{"be offered the county as one that has to do it", func() error {
					list, err := r.Others(who, true)
					if err == nil && !slices.ContainsFunc(list, func(o account.Org) bool { return o.ID == r.orgs["county"].ID }) {
						return errs.E(errs.NotFound, "x", "not in the list")
					}
					return err
				}, may && org == "city"},
				{"set the weights", func() error {
					w := report.DefaultWeights()
					_, err := r.SaveWeights(who, w)
					return err
				}, org == "city" && (role == account.RoleLeader || role == account.RoleAdmin)},
				{"instruct", func() error {
					_, err := r.Order(who, i.ID, report.NewInstruction{Leader: "x", Text: "y", Orgs: []string{r.orgs["county"].ID}, DueAt: time.Now().Add(time.Hour)})
					return err
				}, may && (org == "county" || org == "city")},
			} {
				if err := act.do(); (err == nil) != act.ok {
					t.Errorf("%s of the %s may %s: %v, want %v", role, org, act.name, err, act.ok)
				} else if err != nil && !slices.Contains([]errs.Kind{errs.Denied, errs.NotFound, errs.Invalid}, errs.KindOf(err)) {
					t.Errorf("%s of the %s, %s: %v", role, org, act.name, err)
				}
			}
		}
	}
}

func TestStatisticsAndTheDraftOfABulletin(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	county, leader := r.as("county", account.RoleDuty), r.as("city", account.RoleLeader)
	i, err := r.incidents.Open(county, incident.Draft{Title: "隐瞒不报的事故", Category: "accident.work_safety", Place: "x", OccurredAt: time.Now().Add(-48 * time.Hour), KnownAt: time.Now().Add(-47 * time.Hour), From: incident.Known{Kind: "call", Ref: "1", Text: "群众"}})
	r.must(err)
	_, err = r.Judge(leader, i.ID, report.NewJudgement{OrgID: r.orgs["county"].ID, Fault: report.Concealed, Reason: "查实瞒报", Evidence: "110 接警记录"})
	r.must(err)
	s, err := r.Stats(leader, time.Now().AddDate(0, 0, -7), time.Now())
	r.must(err)
	if len(s.Scores) != 1 || s.Scores[0].Faults[report.Omitted] != 1 || s.Scores[0].Faults[report.Concealed] != 1 || s.Scores[0].Points != 60 {
		t.Fatalf("scores %+v, findings %+v", s.Scores, s.Findings)
	}
	if _, err := r.Judge(leader, i.ID, report.NewJudgement{OrgID: r.orgs["county"].ID, Fault: report.False, Reason: "无证据"}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("something was found without evidence: %v", err)
	}
	// A township that had nothing to pass on concealed it: it stands in the table, and the incident names both.
	_, err = r.Judge(leader, i.ID, report.NewJudgement{OrgID: r.orgs["town"].ID, Fault: report.Concealed, Reason: "镇里知情", Evidence: "谈话笔录"})
	r.must(err)
	s, err = r.Stats(leader, time.Now().AddDate(0, 0, -7), time.Now())
	r.must(err)
	if len(s.Scores) != 2 || s.Scores[0].OrgName != "洋口镇" || s.Scores[0].Faults[report.Concealed] != 1 {
		t.Errorf("the township: %+v", s.Scores)
	}
	if list, err := r.Judgements(county, i.ID); err != nil || len(list) != 2 || list[0].Evidence != "110 接警记录" {
		t.Errorf("judged %+v %v", list, err)
	}
	b := s.Bulletin()
	if text := strings.Join(b.Paragraphs, "\n"); !strings.Contains(text, "漏报1起：如东县“隐瞒不报的事故”") || !strings.Contains(text, "瞒报2起") || len(b.Rows) != 2 {
		t.Errorf("the bulletin: %s", text)
	}
	_, err = r.Judge(leader, i.ID, report.NewJudgement{OrgID: r.orgs["county"].ID, Fault: report.Omitted, Aside: true, Reason: "不属报告范围"})
	r.must(err)
	if s, err = r.Stats(leader, time.Now().AddDate(0, 0, -7), time.Now()); err != nil || s.Scores[1].Faults[report.Omitted] != 0 || len(s.Aside) != 1 {
		t.Errorf("set aside: %+v %v", s.Scores, err)
	}
}

// What was merged or withdrawn stands for nothing any more; what was closed is still corrected.
func TestAnIncidentThatDoesNotStandIsNotCounted(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	county := r.as("county", account.RoleDuty)
	kept, merged, void := r.fire(county), r.fire(county), r.fire(county)
	_, err := r.incidents.Merge(county, merged.ID, kept.ID)
	r.must(err)
	_, err = r.incidents.Close(county, void.ID, incident.Void, "误报")
	r.must(err)
	_, err = r.incidents.Close(county, kept.ID, incident.Closed, "处置完毕")
	r.must(err)
	for id, want := range map[string]bool{merged.ID: false, void.ID: false, kept.ID: true} {
		_, grade := r.incidents.Grade(county, id, 3, "")
		_, count := r.incidents.Count(county, id, incident.Figure{Kind: "dead", Value: 1, Source: "医院"})
		for _, err := range []error{grade, count} {
			if want && err != nil || !want && errs.KindOf(err) != errs.Conflict {
				t.Errorf("%s: %v", id, err)
			}
		}
		if _, err := r.incidents.Respond(county, id, 3, "县长"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a response began for %s: %v", id, err)
		}
	}
}
