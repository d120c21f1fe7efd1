package report_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// law is the zone by which a day of reports begins.
func law() *time.Location { return time.FixedZone("CST", 8*60*60) }

// special has the city and both counties keep duty, and the city declare today special. The limit is the end of the day,
// so that the hour of the test does not matter.
func (r *room) special(db *store.DB) (*duty.Service, duty.Period) {
	r.t.Helper()
	rosters := duty.New(duty.Options{Store: store.NewDuty(db), Tx: db, Accounts: r.accounts, Events: r.bus})
	for _, id := range []string{"city", "county", "neighbour"} {
		_, err := rosters.SavePost(r.system, duty.Post{OrgID: r.orgs[id].ID, Name: "值班员", Tier: duty.Officer})
		r.must(err)
	}
	r.Periods, r.Book = rosters, r.book(`id: city-daily
name: 日报
name_en: Daily
nature: local
jurisdiction: "320600"
source: 测试
from: "2020-01-01"
rules:
  - {id: daily, do: daily, base: day, within: 24h, warn: [1h], then: [{after: 15m, to: leader}]}
`)
	r.clocks.On(report.DailyKind, r.OnDaily)
	today := duty.DayOf(time.Now(), law())
	p, err := rosters.Declare(r.system, duty.Period{OrgID: r.orgs["city"].ID, Name: "国庆", Order: "通政办〔2026〕1号", From: today, To: today.Add(3)})
	r.must(err)
	return rosters, p
}

func (r *room) book(text string) *deadline.Book {
	r.t.Helper()
	dir := r.t.TempDir()
	r.must(os.WriteFile(filepath.Join(dir, "city-daily.yml"), []byte(text), 0o600))
	book, err := deadline.LoadBook("../../../firmware-configs/deadlines", dir)
	r.must(err)
	return book
}

func (r *room) dailies(ctx context.Context) report.DailyBoard {
	r.t.Helper()
	b, err := r.Dailies(ctx, "")
	r.must(err)
	return b
}

func TestASpecialPeriodAsksForAReportOfEachDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		rosters, p := r.special(db)
		county, city, neighbour := r.as("county", account.RoleDuty), r.as("city", account.RoleDuty), r.as("neighbour", account.RoleDuty)
		r.must(r.LayDaily(r.system))
		r.must(r.LayDaily(r.system)) // once is enough
		own := r.dailies(county).Own
		if own == nil || own.State != report.Owed || own.Rule != "city-daily/daily" || own.ToName != "市" || !r.running(report.ClockDaily) {
			t.Fatalf("the county owes %+v", own)
		}
		if b := r.dailies(city); b.Own != nil || len(b.Below) != 2 {
			t.Fatalf("the city sees %+v", b)
		}
		today := own.Day
		for what, err := range map[string]error{
			"words in a zero report":  second(r.TellDaily(county, today, true, "平安")),
			"a report without words":  second(r.TellDaily(county, today, false, " ")),
			"a day that is none":      second(r.TellDaily(county, "today", true, "")),
			"a day that nobody asked": second(r.TellDaily(county, today.Add(1), true, "")),
			"an urge from beside":     second(r.UrgeDaily(neighbour, own.OrgID, today)),
			"seen before it was told": second(r.SeeDaily(city, own.OrgID, today)),
		} {
			if k := errs.KindOf(err); k != errs.Invalid && k != errs.NotFound && k != errs.Conflict {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := r.UrgeDaily(city, own.OrgID, today); err != nil {
			t.Error(err)
		}
		told, err := r.TellDaily(county, today, true, "")
		r.must(err)
		if told.State != report.Told || !told.Zero || told.Urged != 1 || told.SentBy == "" {
			t.Errorf("told %+v", told)
		}
		if _, err := r.TellDaily(county, today, false, "改口"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("what was told was changed: %v", err)
		}
		if seen, err := r.SeeDaily(city, own.OrgID, today); err != nil || seen.SeenBy == "" {
			t.Errorf("seen %+v %v", seen, err)
		}
		// Something has happened in the neighbour's division: nothing is not taken, words are.
		_, err = r.incidents.Open(neighbour, incident.Draft{Title: "启东渔港火灾", Category: "accident.work_safety", Place: "吕四", OccurredAt: time.Now().Add(-time.Second)})
		r.must(err)
		if _, err := r.TellDaily(neighbour, today, true, ""); errs.KindOf(err) != errs.Conflict {
			t.Errorf("nothing was told over an incident: %v", err)
		}
		// A cancelled period spares who has not told yet, and keeps what was told.
		_, err = rosters.Cancel(r.system, p.ID)
		r.must(err)
		r.must(r.LayDaily(r.system))
		if b := r.dailies(city); b.Below[0].State != report.Told || b.Below[1].State != report.Spared || r.running(report.ClockDaily) {
			t.Errorf("after the cancellation %+v", b.Below)
		}
		// Declared again, it asks again.
		_, err = rosters.Declare(r.system, duty.Period{OrgID: r.orgs["city"].ID, Name: "国庆", Order: "通政办〔2026〕2号", From: today, To: today})
		r.must(err)
		r.must(r.LayDaily(r.system))
		if b := r.dailies(neighbour); b.Own == nil || b.Own.State != report.Owed || b.Own.Order != "通政办〔2026〕2号" {
			t.Errorf("declared again %+v", b.Own)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// A desk that is excused owes nothing, keeps the reason through the next look, and counts nowhere until it is asked again.
func TestADeskIsExcusedFromADailyReport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		r.special(db)
		county, officer, leader := r.as("county", account.RoleDuty), r.as("city", account.RoleDuty), r.as("city", account.RoleLeader)
		r.must(r.LayDaily(r.system))
		own := r.dailies(county).Own
		for what, err := range map[string]error{
			"without a reason":      second(r.ExcuseDaily(leader, own.OrgID, own.Day, " ")),
			"by an officer":         second(r.ExcuseDaily(officer, own.OrgID, own.Day, "撤并")),
			"by the desk itself":    second(r.ExcuseDaily(r.as("county", account.RoleLeader), own.OrgID, own.Day, "撤并")),
			"asked for before it":   second(r.AskDailyAgain(leader, own.OrgID, own.Day)),
			"of a day without need": second(r.ExcuseDaily(leader, own.OrgID, own.Day.Add(9), "撤并")),
		} {
			if err == nil {
				t.Errorf("excused %s", what)
			}
		}
		d, err := r.ExcuseDaily(leader, own.OrgID, own.Day, "值班室搬迁，由启东代报")
		r.must(err)
		r.must(r.LayDaily(r.system))
		if got := r.dailies(county).Own; got.State != report.Spared || got.Excused == nil || got.Excused.Reason != "值班室搬迁，由启东代报" || got.Version != d.Version {
			t.Fatalf("excused stands %+v", got)
		}
		if n := r.counted(leader); len(n) != 1 { // the neighbour
			t.Errorf("the month counts %+v", n)
		}
		if _, err := r.TellDaily(county, own.Day, true, ""); errs.KindOf(err) != errs.Conflict {
			t.Errorf("excused and told: %v", err)
		}
		again, err := r.AskDailyAgain(leader, own.OrgID, own.Day)
		if err != nil || again.State != report.Owed || again.Excused != nil {
			t.Fatalf("asked again %+v %v", again, err)
		}
		if told, err := r.TellDaily(county, own.Day, true, ""); err != nil || told.State != report.Told {
			t.Errorf("told %+v %v", told, err)
		}
	})
}

// counted are the desks that the statistics of these days count.
func (r *room) counted(ctx context.Context) []report.Score {
	r.t.Helper()
	st, err := r.Stats(ctx, time.Now().Add(-24*time.Hour), time.Now().Add(24*time.Hour))
	r.must(err)
	return st.Scores
}

// What is late shows above, counts in the statistics, and is told once.
func TestALateDailyReportShowsAndCounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		r.special(db)
		county, city := r.as("county", account.RoleDuty), r.as("city", account.RoleDuty)
		r.must(r.LayDaily(r.system))
		sub := r.bus.Subscribe(64)
		defer sub.Close()
		r.ahead = 25 * time.Hour // past the end of the day on the clocks' wall
		if _, err := r.clocks.Turn(r.system); err != nil {
			t.Fatal(err)
		}
		var late []string
		for len(sub.C()) > 0 {
			if e := <-sub.C(); e.Kind == report.EventDailyLate {
				late = append(late, e.Division)
			}
		}
		slices.Sort(late)
		if want := []string{"320600", "320600", "320623", "320681"}; !slices.Equal(late, want) {
			t.Errorf("late was told to %v, want %v", late, want)
		}
		if b := r.dailies(city); b.Below[0].LateAt == nil || b.Below[1].LateAt == nil {
			t.Errorf("the city sees %+v", b.Below)
		}
		if o := r.dailies(county).Own; o == nil || o.LateAt == nil {
			t.Errorf("the county sees %+v", o)
		}
	})
}

// The faults of daily reports by the clock, without any incident.
func TestDailyReportsAreJudged(t *testing.T) {
	due := time.Date(2026, 10, 1, 17, 0, 0, 0, law())
	at := func(d time.Duration) *time.Time { v := due.Add(d); return &v }
	for _, c := range []struct {
		name string
		d    report.Daily
		now  time.Time
		want report.Fault
	}{
		{"told in time", report.Daily{State: report.Told, SentAt: at(0)}, due.Add(time.Hour), ""},
		{"told late", report.Daily{State: report.Told, SentAt: at(time.Second)}, due.Add(time.Hour), report.DailyLate},
		{"not due", report.Daily{State: report.Owed}, due, ""},
		{"never told", report.Daily{State: report.Owed}, due.Add(time.Second), report.DailyMissing},
		{"spared", report.Daily{State: report.Spared}, due.Add(time.Hour), ""},
	} {
		c.d.DueAt = due
		got := c.d.Judge(c.now)
		if (len(got) == 0) != (c.want == "") || (len(got) > 0 && got[0].Fault != c.want) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// Months are counted for whoever owed something, incident or not.
func TestStatisticsCountDailyReports(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		r.special(db)
		county, city := r.as("county", account.RoleDuty), r.as("city", account.RoleDuty)
		kept := store.NewReports(db)
		day := duty.DayOf(time.Now(), law()).Add(-1)
		due := time.Now().Add(-20 * time.Hour)
		r.must(kept.SaveDaily(r.system, report.Daily{OrgID: r.orgs["county"].ID, OrgName: "如东县", Division: "320623", ToOrg: r.orgs["city"].ID, Day: day, Period: "国庆", State: report.Owed, DueAt: due, Rule: "x/y", Version: 1}, 0))
		stats := func() report.Stats {
			st, err := r.Stats(city, time.Now().Add(-72*time.Hour), time.Now().Add(time.Hour))
			r.must(err)
			return st
		}
		st := stats()
		if len(st.Scores) != 1 || st.Scores[0].Dailies != 1 || st.Scores[0].Faults[report.DailyMissing] != 1 || st.Scores[0].Points != 97 || st.Bulletin().Rows[0][0] != "如东县" {
			t.Fatalf("counted %+v", st.Scores)
		}
		if b := r.dailies(county); len(b.Behind) != 1 {
			t.Errorf("the county is not reminded: %+v", b)
		}
		_, err := r.TellDaily(county, day, true, "")
		r.must(err)
		if st := stats(); st.Scores[0].Faults[report.DailyLate] != 1 || st.Scores[0].Faults[report.DailyMissing] != 0 {
			t.Errorf("counted %+v", st.Scores)
		}
		if _, err := r.TellDaily(actor.WithSystem(context.Background(), "x"), day, true, ""); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the top owes nothing: %v", err)
		}
	})
}

// A centre that was down through whole days owes them after its start, once, and spares nothing of days that are over.
func TestADayThroughWhichTheCentreWasDownIsOwed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		_, p := r.special(db)
		today := duty.DayOf(time.Now(), law())
		p.ID, p.From, p.To, p.At = "before", today.Add(-2), today.Add(-1), time.Now().AddDate(0, 0, -4)
		r.must(store.NewDuty(db).SavePeriod(r.system, p))
		for range 2 {
			r.must(r.LayDaily(r.system))
		}
		county := r.as("county", account.RoleDuty)
		if b := r.dailies(county); b.Own == nil || len(b.Behind) != 2 || b.Behind[0].Day != today.Add(-2) || b.Behind[1].Day != today.Add(-1) {
			t.Errorf("owed of today %+v, behind %+v", b.Own, b.Behind)
		}
		again := report.New(r.Options)
		r.must(again.LayDaily(r.system))
		if b := r.dailies(county); len(b.Behind) != 2 || b.Behind[0].Version != 1 {
			t.Errorf("after a second start: %+v", b.Behind)
		}
	})
}

// TestDailyPermissions is generated over role, organisation and act: a day that the county owes the city.
func TestDailyPermissions(t *testing.T) {
	db := storetest.SQLite(t)
	r := newRoom(t, db)
	r.special(db)
	r.must(r.LayDaily(r.system))
	today := duty.DayOf(time.Now(), law())
	county := r.orgs["county"].ID
	for _, role := range []string{account.RoleTechnician, account.RoleAuditor, account.RoleDuty, account.RoleLeader, account.RoleAdmin} {
		for _, org := range []string{"town", "neighbour", "city"} {
			who := r.as(org, role)
			may := slices.Contains([]string{account.RoleDuty, account.RoleLeader, account.RoleAdmin}, role)
			for name, act := range map[string]struct {
				do func() error
				ok bool
			}{
				"ask for it": {func() error { _, err := r.UrgeDaily(who, county, today); return err }, may && org == "city"},
				"read it as told": {func() error {
					_, err := r.SeeDaily(who, county, today)
					if errs.KindOf(err) == errs.Conflict {
						return nil // not told yet
					}
					return err //nolint:wrapcheck // looked at below
				}, may && org == "city"},
				"see the day": {func() error {
					b, err := r.Dailies(who, today)
					if err == nil && !slices.ContainsFunc(b.Below, func(d report.Daily) bool { return d.OrgID == county }) {
						return errs.E(errs.NotFound, "x", "not in the list")
					}
					return err //nolint:wrapcheck // looked at below
				}, may && org == "city"},
			} {
				if err := act.do(); (err == nil) != act.ok {
					t.Errorf("%s of the %s may %s: %v, want %v", role, org, name, err, act.ok)
				} else if err != nil && !slices.Contains([]errs.Kind{errs.Denied, errs.NotFound}, errs.KindOf(err)) {
					t.Errorf("%s of the %s, %s: %v", role, org, name, err)
				}
			}
		}
	}
}
