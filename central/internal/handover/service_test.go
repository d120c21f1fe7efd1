package handover_test

import (
	"context"
	"fmt"
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
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

const password = "Correct-horse-7"

// room is a county desk with three officers in turn, below a city.
type room struct {
	*handover.Service
	t            *testing.T
	roster       *duty.Service
	clocks       *deadline.Service
	accounts     *account.Service
	trail        *audit.Service
	city, county account.Org
	people       []duty.Person
	users        []context.Context // of the people, in the same order
	system       context.Context
	ahead        time.Duration // how far the clocks of the engine are ahead
}

func newRoom(t *testing.T, db *store.DB) *room {
	t.Helper()
	r := &room{t: t, system: actor.WithSystem(t.Context(), "test")}
	r.trail = audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
	bus := event.NewBus(r.trail)
	var err error
	kept := store.NewAccounts(db)
	r.accounts, err = account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus})
	r.must(err)
	_, err = r.accounts.EnsureFirst(r.system, account.First{OrgName: "市", OrgNameEN: "City", Division: "320600"})
	r.must(err)
	r.city, err = r.accounts.TopOrg(r.system)
	r.must(err)
	r.county, err = r.accounts.CreateOrg(r.system, account.NewOrg{ParentID: r.city.ID, Name: "如东县", Division: "320623"})
	r.must(err)
	r.roster = duty.New(duty.Options{Store: store.NewDuty(db), Tx: db, Accounts: r.accounts, Events: bus})
	book, err := deadline.LoadBook("../../../firmware-configs/deadlines")
	r.must(err)
	machine := deadline.MachineClocks()
	r.clocks = deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Desks: r.roster, Events: bus, Book: book, Clocks: func() deadline.Sample {
		s := machine()
		s.Wall, s.Up = s.Wall.Add(r.ahead), s.Up+r.ahead
		return s
	}})
	r.Service = handover.New(handover.Options{Store: store.NewHandovers(db), Tx: db, Roster: r.roster, Accounts: r.accounts, Clocks: r.clocks, Book: book, Events: bus})
	r.clocks.On(handover.OwnerKind, r.OnHandover)
	r.clocks.On(handover.ItemKind, r.OnItem)
	var ids []string
	for _, name := range []string{"甲", "乙", "丙"} {
		ctx := r.user(name, r.county, account.RoleDuty)
		a, _ := actor.From(ctx)
		p, err := r.roster.SavePerson(r.system, duty.Person{OrgID: r.county.ID, Name: name, Active: true, UserID: a.ID, Phones: []duty.Phone{{Kind: "mobile", Number: "000-0000"}}})
		r.must(err)
		r.people, r.users, ids = append(r.people, p), append(r.users, ctx), append(ids, p.ID)
	}
	// The desk stands where it is about noon, with a hand-off half an hour from now, so that no test meets
	// midnight and the next shift can be taken over now.
	behind := time.Now().UTC().Hour() - 12
	zone := time.FixedZone("noon", -behind*3600)
	_, err = r.roster.SaveDesk(r.system, duty.Desk{OrgID: r.county.ID, Zone: fmt.Sprintf("Etc/GMT%+d", behind), MaxRow: 2, RestHours: 8})
	r.must(err)
	post, err := r.roster.SavePost(r.system, duty.Post{OrgID: r.county.ID, Name: "值班员", Tier: duty.Officer, Continuous: true})
	r.must(err)
	edge := duty.Clock(time.Now().In(zone).Add(30 * time.Minute).Format("15:04"))
	_, err = r.roster.SaveRule(r.system, duty.NewRule{
		PostID: post.ID, From: duty.DayOf(time.Now(), zone), Watches: []duty.Watch{{Name: "前", From: "00:00", To: edge}, {Name: "后", From: edge, To: "00:00"}},
		Heads:     map[duty.Class]int{duty.Workday: 1, duty.Weekend: 1},
		Rotations: []duty.Rotation{{Name: "轮值", Keep: 1, Members: ids}},
	})
	r.must(err)
	return r
}

func (r *room) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func username(name string) string {
	return map[string]string{"甲": "ujia", "乙": "uyi", "丙": "ubing", "市": "ushi"}[name]
}

func (r *room) user(name string, o account.Org, roles ...string) context.Context {
	r.t.Helper()
	u, _, err := r.accounts.CreateUser(r.system, account.NewUser{Username: username(name), Name: name, OrgID: o.ID, Roles: roles, Password: password})
	r.must(err)
	return actor.With(r.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: u.Name, DivisionCode: u.Division, Permissions: account.Permissions(roles)})
}

// on is who has the desk now and who comes next, as indices.
func (r *room) on() (now, next int) {
	r.t.Helper()
	d, err := r.Desk(r.users[0], "")
	r.must(err)
	find := func(s duty.Spell) int {
		return slices.IndexFunc(r.people, func(p duty.Person) bool { return s.Holds(p.ID) })
	}
	now, next = find(d.Now), find(d.Next)
	if now < 0 || next < 0 || now == next {
		r.t.Fatalf("the roster has %+v, then %+v", d.Now, d.Next)
	}
	return now, next
}

// seen is the shift that lies open.
func (r *room) seen() handover.Seen {
	r.t.Helper()
	d, err := r.Desk(r.users[0], "")
	r.must(err)
	if d.Shift == nil {
		return handover.Seen{}
	}
	return handover.Seen{Shift: d.Shift.ID, Version: d.Shift.Version}
}

func (r *room) write(ctx context.Context, n handover.NewEntry) handover.Entry {
	r.t.Helper()
	e, err := r.Write(ctx, n)
	r.must(err)
	return e
}

func code(err error) string {
	if e, ok := err.(*errs.Error); ok { //nolint:errorlint // the services return it bare
		return e.Code
	}
	return ""
}

func TestADeskPassesOnWithTwoSignaturesAndEveryItem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		now, next := r.on()
		out, in := r.users[now], r.users[next]
		first := r.write(out, handover.NewEntry{Kind: handover.CallIn, Party: "洋口镇 李某", Contact: "000-1", Text: "码头有异味\n已派人", Item: &handover.NewItem{Level: 2}})
		if first.No != 1 {
			t.Errorf("the first line is number %d", first.No)
		}
		due := time.Now().Add(2 * time.Hour)
		loose, err := r.AddItem(out, handover.NewItem{Title: "回访", DueAt: &due})
		r.must(err)
		loose, err = r.ChangeItem(out, loose.ID, handover.ItemChange{Version: loose.Version, Title: loose.Title, DueAt: loose.DueAt})
		if err != nil || loose.OwnerID != "" {
			t.Fatalf("an item without an owner: %+v, %v", loose, err)
		}
		if _, err := r.Take(in, handover.Takes{Seen: r.seen(), Proof: handover.Proof{Secret: password}}); code(err) != "handover.unsigned" {
			t.Errorf("taking over without the first signature: %v", err)
		}
		if _, err := r.Leave(out, handover.Leaves{Seen: r.seen(), Proof: handover.Proof{Secret: "wrong"}}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("leaving with a wrong password: %v", err)
		}
		left, err := r.Leave(out, handover.Leaves{Seen: r.seen(), Proof: handover.Proof{Secret: password}, Note: "注意码头"})
		if err != nil || left.State != handover.Leaving || !left.Out.Rostered {
			t.Fatalf("leaving: %+v, %v", left, err)
		}
		if _, err := r.Take(in, handover.Takes{Seen: r.seen(), Proof: handover.Proof{Secret: password}}); code(err) != "handover.ownerless" {
			t.Errorf("taking over what nobody has: %v", err)
		}
		shift, err := r.Take(in, handover.Takes{Seen: r.seen(), Proof: handover.Proof{Secret: password}, Owners: map[string]string{loose.ID: r.people[next].ID}})
		if err != nil || shift.No != 2 || shift.DueAt == nil || time.Until(*shift.DueAt) < 10*time.Hour {
			t.Fatalf("the next shift: %+v, %v", shift, err)
		}
		rec, err := r.Record(out, left.ID)
		if err != nil || rec.State != handover.Closed || rec.In.Name != r.people[next].Name || !rec.In.Rostered || len(rec.Passed) != 2 || len(rec.Entries) != 1 || rec.Note != "注意码头" {
			t.Errorf("the record: %+v, %v", rec, err)
		}
		for _, i := range rec.Passed {
			if i.OwnerID != r.people[next].ID {
				t.Errorf("%s passed on to %q", i.Title, i.OwnerName)
			}
		}
		if rec.Passed[0].Title != "码头有异味" || rec.Passed[0].Level != 2 {
			t.Errorf("the gravest comes first: %+v", rec.Passed[0])
		}
		steps, err := r.Steps(in, rec.Passed[0].ID)
		if err != nil || len(steps) != 2 || steps[1].Kind != "owned" {
			t.Errorf("its steps: %+v, %v", steps, err)
		}
		if list, err := r.Past(in, r.county.ID, page.Request{}); err != nil || len(list.Items) != 1 {
			t.Errorf("past shifts: %+v, %v", list, err)
		}
		clock, err := r.clocks.Of(r.system, deadline.Owner{Kind: handover.OwnerKind, ID: left.ID}, "handover")
		if err != nil || clock.State != deadline.Met || clock.PassedAt != nil {
			t.Errorf("the clock of the handover: %+v, %v", clock, err)
		}
	})
}

func TestWhatWasWrittenStaysAndACorrectionStandsBesideIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		a := r.users[0]
		e := r.write(a, handover.NewEntry{Kind: handover.CallIn, Text: "三人受伤"})
		if _, err := r.Write(a, handover.NewEntry{Kind: handover.CallIn, Text: "两人受伤", Corrects: e.ID}); code(err) != "handover.reason" {
			t.Errorf("a correction without a reason: %v", err)
		}
		fix := r.write(a, handover.NewEntry{Kind: handover.CallIn, Text: "两人受伤", Corrects: e.ID, Reason: "听错"})
		if _, err := r.Write(a, handover.NewEntry{Kind: handover.CallIn, Text: "一人", Corrects: e.ID, Reason: "再"}); code(err) != "handover.corrected" {
			t.Errorf("correcting what is corrected: %v", err)
		}
		d, err := r.Desk(a, "")
		if err != nil || len(d.Entries) != 2 || d.Entries[0].Text != "三人受伤" || d.Entries[0].Corrected != fix.ID || d.Entries[1].No != 2 {
			t.Errorf("the log: %+v, %v", d.Entries, err)
		}
		found, err := r.Search(a, r.county.ID, time.Time{}, page.Request{Search: "两人"})
		if err != nil || len(found.Items) != 1 {
			t.Errorf("searching: %+v, %v", found, err)
		}
		entries, err := r.trail.List(r.system, audit.Query{Kind: "handover."})
		r.must(err)
		for _, one := range entries.Items {
			if strings.Contains(string(one.Data), "受伤") {
				t.Errorf("the trail holds what was said: %s", one.Data)
			}
		}
	})
}

// The officer who leaves stays signed in; the one who comes signs at the same screen. Nobody else does.
func TestTheIncomingOfficerSignsAtTheSameScreen(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	now, next := r.on()
	out := r.users[now]
	_, err := r.Open(out)
	r.must(err)
	_, err = r.Leave(out, handover.Leaves{Seen: r.seen(), Proof: handover.Proof{Secret: password}})
	r.must(err)
	names := []string{"ujia", "uyi", "ubing"}
	take := func(user, secret, reason string) error {
		_, err := r.Take(out, handover.Takes{Seen: r.seen(), Proof: handover.Proof{Username: user, Secret: secret}, Reason: reason})
		return err
	}
	for what, bad := range map[string][2]string{"wrong": {names[next], "wrong"}, "unknown": {"nobody", password}, "empty": {names[next], ""}} {
		if err := take(bad[0], bad[1], ""); code(err) != "account.wrong_cosignature" {
			t.Errorf("%s: %v", what, err)
		}
	}
	r.user("市", r.city, account.RoleDuty)
	third := 3 - now - next
	if err := take(names[third], password, ""); code(err) != "handover.unrostered" {
		t.Errorf("somebody whom the roster does not name: %v", err)
	}
	r.must(take(names[third], password, "替班"))
}

func TestAnAbsentOfficerIsSaidSo(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	now, next := r.on()
	opened, err := r.Open(r.users[now])
	r.must(err)
	if _, err := r.Take(r.users[now], handover.Takes{Seen: r.seen(), Proof: handover.Proof{Secret: password}, Absent: "病"}); code(err) != "handover.unrostered" {
		t.Errorf("whom the roster does not expect: %v", err)
	}
	_, err = r.Take(r.users[next], handover.Takes{Seen: r.seen(), Proof: handover.Proof{Secret: password}, Absent: "突发疾病送医"})
	r.must(err)
	rec, err := r.Record(r.users[next], opened.ID)
	if err != nil || rec.Out != nil || rec.Absent != "突发疾病送医" {
		t.Errorf("the record: %+v, %v", rec.Shift, err)
	}
}

func TestALateHandoverIsWrittenDownAndClimbs(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	now, _ := r.on()
	opened, err := r.Open(r.users[now])
	r.must(err)
	for _, ahead := range []time.Duration{16 * time.Minute, 31 * time.Minute, 41 * time.Minute, 55 * time.Minute, 80 * time.Minute} {
		r.ahead = ahead
		_, err := r.clocks.Turn(r.system)
		r.must(err)
	}
	rec, err := r.Record(r.users[now], opened.ID)
	if err != nil || len(rec.Entries) != 3 || rec.LateAt == nil {
		t.Fatalf("the log: %+v, %v", rec, err)
	}
	for _, e := range rec.Entries {
		if e.Kind != handover.Late {
			t.Errorf("an entry of kind %s", e.Kind)
		}
		if party, said := e.Said(); party != "" || !strings.HasPrefix(said, "应于") || strings.Contains(said, "|") {
			t.Errorf("a document says %q of %q", said, party)
		}
	}
	if _, err := r.Write(r.users[now], handover.NewEntry{Kind: handover.Note, Text: "x", Corrects: rec.Entries[0].ID, Reason: "x"}); code(err) != "handover.by_desk" {
		t.Errorf("correcting what the desk wrote: %v", err)
	}
}

// What other rooms did stands in the books of the desks that keep one, once.
func TestWhatOtherRoomsDidWritesItselfDown(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	now, _ := r.on()
	_, err := r.Open(r.users[now])
	r.must(err)
	a, _ := actor.From(r.users[now])
	done := make(chan struct{}, 8)
	r.Lines = func(_ context.Context, e event.Event) ([]handover.Entry, error) {
		defer func() { done <- struct{}{} }()
		line := handover.Entry{Kind: handover.Report, At: e.At, ByName: "甲", Party: "市", Text: handover.Acted("sent", e.Subject), Source: "report " + e.Subject}
		above, own, gone := line, line, line
		above.OrgID, own.By, gone.OrgID = r.city.ID, a.ID, "gone" // the city keeps no book; the desk is that of who did it
		return []handover.Entry{gone, above, own}, nil
	}
	r.Start(t.Context())
	for _, subject := range []string{"初报", "初报", "续报", "终报"} {
		r.Heard(event.New(t.Context(), "report.sent", subject, "", nil))
	}
	for range 4 { // one after another: when the last is asked for, those before are written
		<-done
	}
	d, err := r.Desk(r.users[now], "")
	r.must(r.Stop(t.Context()))
	if err != nil || len(d.Entries) < 2 {
		t.Fatalf("the book: %+v, %v", d.Entries, err)
	}
	if party, said := d.Entries[1].Said(); party != "市" || said != "报送：续报" {
		t.Errorf("a document says %q of %q", said, party)
	}
	if _, err := r.Write(r.users[now], handover.NewEntry{Kind: handover.Note, Text: "x", Corrects: d.Entries[0].ID, Reason: "x"}); code(err) != "handover.by_desk" {
		t.Errorf("correcting what wrote itself: %v", err)
	}
}

// A roster that changes moves the clock of the handover.
func TestTheClockFollowsTheRoster(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	now, _ := r.on()
	opened, err := r.Open(r.users[now])
	r.must(err)
	if opened.DueAt == nil {
		t.Fatal("the roster gives no end")
	}
	running, err := r.clocks.Running(r.system, "", page.Request{})
	if err != nil || len(running.Items) != 1 || !running.Items[0].DueAt.Equal(*opened.DueAt) || running.Items[0].Rule != "duty/handover" {
		t.Errorf("running: %+v, %v", running, err)
	}
}

func TestTheDeskAboveReadsAndOnlyTheOwnWrites(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	e := r.write(r.users[0], handover.NewEntry{Kind: handover.Note, Text: "x"})
	item, err := r.AddItem(r.users[0], handover.NewItem{Title: "回访"})
	r.must(err)
	shi := r.user("市", r.city, account.RoleDuty)
	d, err := r.Desk(shi, r.county.ID)
	if err != nil || d.Own || len(d.Entries) != 1 {
		t.Errorf("the city reads %+v, %v", d, err)
	}
	if _, err := r.Write(shi, handover.NewEntry{Kind: handover.Note, Text: "x", Corrects: e.ID, Reason: "x"}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("the city corrects the county's: %v", err)
	}
	if _, err := r.ChangeItem(shi, item.ID, handover.ItemChange{Version: 1, Title: "x"}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("the city changes the county's: %v", err)
	}
	if _, err := r.Desk(r.users[0], r.city.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("the county reads the city's: %v", err)
	}
	technician := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "t", DivisionCode: "320600", Permissions: account.Permissions([]string{account.RoleTechnician})})
	if _, err := r.Desk(technician, r.county.ID); errs.KindOf(err) != errs.Denied {
		t.Errorf("a technician reads: %v", err)
	}
	if _, err := r.ChangeItem(r.users[1], item.ID, handover.ItemChange{Version: 7, Title: "x"}); code(err) != "handover.changed" {
		t.Errorf("over somebody else's change: %v", err)
	}
}

func TestAnEntryOutOfTimeIsRefused(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	for at, want := range map[time.Duration]string{time.Hour: "handover.future", -8 * 24 * time.Hour: "handover.past"} {
		if _, err := r.Write(r.users[0], handover.NewEntry{Kind: handover.CallIn, Text: "x", At: time.Now().Add(at)}); code(err) != want {
			t.Errorf("at %s: %v", at, err)
		}
	}
	for what, n := range map[string]handover.NewEntry{
		"handover.kind": {Kind: handover.Late, Text: "x"}, "handover.text": {Kind: handover.Note, Text: " \n"}, "handover.party": {Kind: handover.Note, Text: "x", Party: "a\nb"},
	} {
		if _, err := r.Write(r.users[0], n); code(err) != what {
			t.Errorf("%s: %v", what, err)
		}
	}
}
