package plan_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// room is a city with a county, a writer and an approver in each.
type room struct {
	*plan.Service
	t                  *testing.T
	clocks             *deadline.Service
	city, county       account.Org
	writer, approver   context.Context
	countyWriter, duty context.Context
	system             context.Context
}

func (r *room) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func newRoom(t *testing.T, db *store.DB) *room {
	t.Helper()
	r := &room{t: t, system: actor.WithSystem(t.Context(), "test")}
	bus := event.NewBus(audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler)))
	kept := store.NewAccounts(db)
	accounts, err := account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus})
	r.must(err)
	_, err = accounts.EnsureFirst(r.system, account.First{OrgName: "南通市", OrgNameEN: "Nantong", Division: "320600"})
	r.must(err)
	r.city, err = accounts.TopOrg(r.system)
	r.must(err)
	r.county, err = accounts.CreateOrg(r.system, account.NewOrg{ParentID: r.city.ID, Name: "如东县", Division: "320623"})
	r.must(err)
	roster := duty.New(duty.Options{Store: store.NewDuty(db), Tx: db, Accounts: accounts, Events: bus})
	r.clocks = deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Desks: roster, Events: bus})
	pack, err := plan.LoadPack("../../../firmware-configs/plans")
	r.must(err)
	r.Service = plan.New(plan.Options{Store: store.NewPlans(db), Tx: db, Accounts: accounts, Roster: roster, Clocks: r.clocks, Events: bus, Pack: pack})
	r.clocks.On(plan.OwnerKind, r.OnClock)
	user := func(name string, o account.Org, role string) context.Context {
		u, _, err := accounts.CreateUser(r.system, account.NewUser{Username: name, Name: name, OrgID: o.ID, Roles: []string{role}, Password: "Correct-horse-7"})
		r.must(err)
		return actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: u.Name, DivisionCode: u.Division, Permissions: account.Permissions([]string{role})})
	}
	r.writer, r.approver = user("writer", r.city, account.RoleLeader), user("approver", r.city, account.RoleLeader)
	r.countyWriter, r.duty = user("county", r.county, account.RoleLeader), user("officer", r.city, account.RoleDuty)
	return r
}

func (r *room) body() plan.Body {
	return plan.Body{
		Chapters: []plan.Chapter{{ID: "c1", Depth: 1, Title: "总则", Text: "目的", Brief: true}, {ID: "c2", Depth: 1, Title: "响应", Text: "措施"}},
		Levels:   []plan.Level{{Level: 4, Conditions: []plan.Condition{{Text: "有险情"}}, Clause: "c2"}},
		Roles:    []plan.Role{{ID: "r1", Name: "值班室", Fill: plan.Fill{How: "org", OrgID: r.city.ID}, Clause: "c2"}},
		Actions:  []plan.Action{{ID: "a1", Title: "报告", Levels: []int{4}, RoleID: "r1", From: "start", Minutes: 30, Clause: "c2"}},
	}
}

func (r *room) step(ctx context.Context, p plan.Plan, to plan.State) plan.Plan {
	r.t.Helper()
	n := plan.NewStep{To: to, Edit: p.Edit, Note: "按程序"}
	switch to {
	case plan.Published:
		n.Number = "通政办函〔2026〕1号"
	case plan.Filed:
		n.Number = "备案回执 1"
	case plan.Revising:
		n.Trigger = "risk"
	default:
	}
	out, err := r.Move(ctx, p.ID, n)
	r.must(err)
	return out
}

func (r *room) published() plan.Plan {
	r.t.Helper()
	p, err := r.Make(r.writer, plan.Head{Name: "防汛应急预案", Kind: plan.Special, Category: "natural.flood", OrgID: r.city.ID})
	r.must(err)
	return r.publish(p)
}

func (r *room) publish(p plan.Plan) plan.Plan {
	r.t.Helper()
	p, err := r.Write(r.writer, p.ID, p.Revision, r.body())
	r.must(err)
	for _, to := range []plan.State{plan.Consulting, plan.Reviewing, plan.Approving} {
		p = r.step(r.writer, p, to)
	}
	return r.step(r.approver, p, plan.Published)
}

func TestPlanLivesFromDraftToAbolition(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		p := r.published()
		if p.Version != 1 || p.Number == "" || p.DueWhat != plan.DueFile || p.DueAt == nil || p.DueAt.Before(time.Now().Add(25*24*time.Hour)) {
			t.Fatalf("published: %+v", p)
		}
		clock, err := r.clocks.Of(r.system, deadline.Owner{Kind: plan.OwnerKind, ID: p.ID + " 1"}, "plan.file")
		r.must(err)
		if clock.State != deadline.Running || !clock.DueAt.Equal(*p.DueAt) {
			t.Errorf("clock of filing: %+v", clock)
		}
		p = r.step(r.writer, p, plan.Filing)
		if _, err := r.Move(r.approver, p.ID, plan.NewStep{To: plan.Filed, Edit: p.Edit}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("filed without a receipt: %v", err)
		}
		p = r.step(r.approver, p, plan.Filed)
		if p.DueWhat != plan.DueAssess || p.FiledAt == nil || p.DueAt.Before(time.Now().AddDate(2, 11, 0)) {
			t.Errorf("filed: %+v", p)
		}
		p = r.step(r.writer, p, plan.Assessing)
		p = r.step(r.writer, p, plan.Revising)
		b := r.body()
		b.Actions[0].Minutes = 20
		p, err = r.Write(r.writer, p.ID, p.Revision, b)
		r.must(err)
		diff, err := r.Compare(r.writer, p.ID, 1, 0)
		r.must(err)
		if len(diff) != 1 || diff[0].From != "start +30" || diff[0].To != "start +20" {
			t.Errorf("diff %+v", diff)
		}
		for _, to := range []plan.State{plan.Consulting, plan.Reviewing, plan.Approving} {
			p = r.step(r.writer, p, to)
		}
		p = r.step(r.approver, p, plan.Published)
		d, err := r.Detail(r.writer, p.ID)
		r.must(err)
		if p.Version != 2 || len(d.Versions) != 2 || d.Versions[0].Hash == d.Versions[1].Hash || len(d.Steps) != 13 || d.Steps[8].Trigger != "" && d.Steps[8].Trigger != "risk" {
			t.Errorf("second version: %+v", d)
		}
		old, err := r.Body(r.writer, p.ID, 1)
		r.must(err)
		if old.Body.Actions[0].Minutes != 30 {
			t.Error("the first version has changed")
		}
		p = r.step(r.approver, p, plan.Abolished)
		if p.DueAt != nil || len(p.Next()) != 0 {
			t.Errorf("abolished: %+v", p)
		}
		clock, err = r.clocks.Of(r.system, deadline.Owner{Kind: plan.OwnerKind, ID: p.ID + " 2"}, "plan.file")
		r.must(err)
		if clock.State != deadline.Dropped {
			t.Errorf("an abolished plan is still to be filed: %+v", clock.State)
		}
	})
}

func TestWhoMayDoWhatWithAPlan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		p, err := r.Make(r.writer, plan.Head{Name: "预案", Kind: plan.Special, Category: "natural.flood", OrgID: r.city.ID})
		r.must(err)
		if _, err := r.Detail(r.countyWriter, p.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a county sees what the city is writing: %v", err)
		}
		p, err = r.Write(r.writer, p.ID, p.Revision, r.body())
		r.must(err)
		for _, to := range []plan.State{plan.Consulting, plan.Reviewing, plan.Approving} {
			p = r.step(r.writer, p, to)
		}
		publish := plan.NewStep{To: plan.Published, Edit: p.Edit, Number: "1号"}
		if _, err := r.Move(r.writer, p.ID, publish); errs.KindOf(err) != errs.Denied {
			t.Errorf("the writer approves: %v", err)
		}
		if _, err := r.Move(r.duty, p.ID, publish); errs.KindOf(err) != errs.Denied {
			t.Errorf("an officer publishes: %v", err)
		}
		if _, err := r.Write(r.writer, p.ID, p.Revision, r.body()); errs.KindOf(err) != errs.Conflict {
			t.Errorf("written while it is approved: %v", err)
		}
		if _, err := r.Move(r.approver, p.ID, plan.NewStep{To: plan.Filed, Edit: p.Edit, Number: "1"}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a step left out: %v", err)
		}
		if _, err := r.Move(r.approver, p.ID, plan.NewStep{To: plan.Drafting, Edit: p.Edit}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("given back without a reason: %v", err)
		}
		p, err = r.Move(r.approver, p.ID, publish)
		r.must(err)
		if _, err := r.Detail(r.countyWriter, p.ID); err != nil {
			t.Errorf("a county does not see what the city has published: %v", err)
		}
		if _, err := r.Body(r.countyWriter, p.ID, 0); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a county reads the city's draft: %v", err)
		}
		if _, err := r.Move(r.countyWriter, p.ID, plan.NewStep{To: plan.Filing, Edit: p.Edit}); errs.KindOf(err) != errs.Denied {
			t.Errorf("a county moves the city's plan: %v", err)
		}
		lower, err := r.Make(r.countyWriter, plan.Head{Name: "县预案", Kind: plan.Special, Category: "natural.flood", OrgID: r.county.ID, UpperID: p.ID})
		r.must(err)
		d, err := r.Detail(r.countyWriter, lower.ID)
		r.must(err)
		if d.Upper == nil || d.Upper.ID != p.ID {
			t.Errorf("linkage upward: %+v", d.Upper)
		}
		d, err = r.Detail(r.writer, p.ID)
		r.must(err)
		if len(d.Lower) != 1 {
			t.Errorf("linkage downward: %+v", d.Lower)
		}
		if _, err := r.Make(r.countyWriter, plan.Head{Name: "市预案", Kind: plan.Special, Category: "natural.flood", OrgID: r.city.ID}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a county makes a plan of the city: %v", err)
		}
		if _, err := r.Make(r.writer, plan.Head{Name: "x", Kind: plan.Special, Category: "natural.nothing", OrgID: r.city.ID}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a category that no pack has: %v", err)
		}
	})
}

func TestUnsoundPlanIsNotPublishedAndTwoWritersAreToldApart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		p, err := r.Make(r.writer, plan.Head{Name: "预案", Kind: plan.Special, Category: "natural.flood", OrgID: r.city.ID})
		r.must(err)
		seen := p.Revision
		b := r.body()
		b.Roles[0].Fill.OrgID = "nobody"
		p, err = r.Write(r.writer, p.ID, seen, b)
		r.must(err)
		if _, err := r.Write(r.approver, p.ID, seen, r.body()); errs.KindOf(err) != errs.Conflict {
			t.Errorf("the second writer wins: %v", err)
		}
		again, err := r.Write(r.writer, p.ID, p.Revision, b)
		r.must(err)
		if again.Revision != p.Revision {
			t.Error("the same text makes a new revision")
		}
		p = again
		for _, to := range []plan.State{plan.Consulting, plan.Reviewing, plan.Approving} {
			p = r.step(r.writer, p, to)
		}
		_, err = r.Move(r.approver, p.ID, plan.NewStep{To: plan.Published, Edit: p.Edit, Number: "1号"})
		if errs.KindOf(err) != errs.Invalid {
			t.Errorf("an unsound plan is published: %v", err)
		}
		d, err := r.Body(r.writer, p.ID, 0)
		r.must(err)
		i := slices.IndexFunc(d.Faults, func(f plan.Fault) bool { return f.Code == plan.RoleNobody })
		if i < 0 || !strings.HasPrefix(d.Faults[i].Clause, "2 ") {
			t.Errorf("faults %+v", d.Faults)
		}
		m, err := r.Coverage(r.writer)
		r.must(err)
		if len(m.Rows) != 2 || m.Rows[0].Cells[0].Cover != plan.CoverWriting || m.Rows[1].Cells[0].Cover != plan.CoverNone {
			t.Errorf("matrix %+v", m.Rows)
		}
	})
}

func TestCoverageKnowsDrillsAndAttachmentsStay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		p := r.published()
		cover := func() plan.Cover {
			m, err := r.Coverage(r.writer)
			r.must(err)
			return m.Rows[0].Cells[0].Cover
		}
		if cover() != plan.CoverUndrilled {
			t.Errorf("before the drill: %s", cover())
		}
		_, err := r.Drilled(r.writer, p.ID, time.Now().Add(-48*time.Hour).Format(time.DateOnly), "桌面推演")
		r.must(err)
		if cover() != plan.CoverGood {
			t.Errorf("after the drill: %s", cover())
		}
		if _, err := r.Drilled(r.writer, p.ID, "2999-01-01", ""); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a drill to come: %v", err)
		}
		f, err := r.AddFile(r.writer, p.ID, plan.File{Kind: "map", Name: "指挥图.png", Bytes: []byte("\x89PNG")})
		r.must(err)
		got, err := r.File(r.countyWriter, p.ID, f.ID)
		r.must(err)
		if string(got.Bytes) != "\x89PNG" || got.Hash != f.Hash {
			t.Errorf("attachment %+v", got)
		}
		r.must(r.RemoveFile(r.writer, p.ID, f.ID))
		minutes, err := r.AddFile(r.writer, p.ID, plan.File{Kind: "review", Name: "评审纪要.pdf", Bytes: []byte("%PDF")})
		r.must(err)
		if _, err := r.File(r.countyWriter, p.ID, minutes.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("minutes of a review are read below: %v", err)
		}
		if d, err := r.Detail(r.countyWriter, p.ID); err != nil || len(d.Files) != 0 {
			t.Errorf("listed below: %+v, %v", d.Files, err)
		}
		if d, err := r.Detail(r.writer, p.ID); err != nil || len(d.Files) != 1 {
			t.Errorf("who wrote it sees %+v, %v", d.Files, err)
		}
		draft, err := r.Make(r.writer, plan.Head{Name: "附图预案", Kind: plan.Special, Category: "natural.flood", OrgID: r.city.ID})
		r.must(err)
		kept, err := r.AddFile(r.writer, draft.ID, plan.File{Kind: "map", Name: "疏散图.png", Bytes: []byte("\x89PNG")})
		r.must(err)
		r.publish(draft)
		if err := r.RemoveFile(r.writer, draft.ID, kept.ID); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a map of the version in force is removed: %v", err)
		}
		f, err = r.AddFile(r.writer, p.ID, plan.File{Kind: "receipt", Name: "回执.pdf", Bytes: []byte("%PDF")})
		r.must(err)
		if err := r.RemoveFile(r.writer, p.ID, f.ID); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a receipt is removed: %v", err)
		}
		if _, err := r.AddFile(r.writer, p.ID, plan.File{Kind: "map", Name: "x", Bytes: make([]byte, plan.MaxFile+1)}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("too large: %v", err)
		}
		paper, err := r.Paper(r.countyWriter, p.ID, 1, plan.PaperBrief)
		r.must(err)
		var text []string
		for _, b := range paper.Blocks {
			text = append(text, b.Text)
		}
		if joined := strings.Join(text, "|"); !strings.Contains(joined, "目的") || strings.Contains(joined, "措施") {
			t.Errorf("short form: %s", joined)
		}
		if _, err := r.Chart(r.writer, p.ID, 1, 1); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a chart of a level that is not there: %v", err)
		}
	})
}

func TestWorkdaysPassOverHolidays(t *testing.T) {
	off := map[string]bool{"2026-10-01": true, "2026-10-02": true, "2026-10-03": true, "2026-10-04": true}
	from := time.Date(2026, 9, 30, 10, 0, 0, 0, time.UTC)
	got := plan.Workdays(from, 2, func(d time.Time) bool { return !off[d.Format(time.DateOnly)] })
	if got.Format(time.DateOnly) != "2026-10-06" {
		t.Errorf("got %s", got)
	}
}

func FuzzParsePack(f *testing.F) {
	f.Add("id: x\nname: y\n")
	f.Add("file: {workdays: -1}\ntriggers: [{id: a}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := plan.ParsePack("x.yml", []byte(text)); err == nil && (p.File.Workdays < 1 || len(p.Triggers) == 0) {
			t.Fatalf("half a pack passes: %+v", p)
		}
	})
}
