package report_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// limits of the county in this test: 25 minutes on the phone, 50 in writing, a follow-up after 3 hours.
const limits = `id: county
name: 本县
name_en: Ours
nature: local
jurisdiction: "320623"
source: 测试
unverified: true
from: ""
to: ""
rules:
  - {id: phone, do: phone, base: received, within: 25m, warn: [5m], then: [{after: 0s, to: leader}]}
  - {id: written, do: written, base: received, within: 50m, warn: [5m], then: [{after: 0s, to: leader}]}
  - {id: follow-up, do: follow_up, base: received, within: 3h, warn: [5m], then: [{after: 0s, to: leader}]}
`

// told is an incident of the county as it lies in the database, and the faults that were put into it.
type told struct {
	incident incident.Incident
	known    []incident.Known
	figures  []incident.Figure
	reports  []report.Report
	hops     []report.Hop
	want     []report.Fault
}

// tell makes one: which faults it has is decided here by lot, and each is put in by hand.
func tell(n int, lot *rand.Rand, now time.Time, county, city account.Org) told {
	id := fmt.Sprintf("i%03d", n)
	base := now.Add(-time.Duration(2*24*60+lot.IntN(30*24*60)) * time.Minute)
	minutes := func(from, to int) time.Duration { return time.Duration(from+lot.IntN(to-from)) * time.Minute }
	one := func(of int) bool { return lot.IntN(of) == 0 }
	t := told{incident: incident.Incident{
		ID: id, No: fmt.Sprintf("2026-320623-%04d", n+1), OrgID: county.ID, OrgName: county.Name, Title: id, Category: "accident.work_safety", Place: "洋口", Division: "320623",
		State: incident.Open, Version: 1,
	}}
	know := func(o account.Org, kind string, at time.Time) {
		t.known = append(t.known, incident.Known{ID: fmt.Sprintf("%sk%d", id, len(t.known)), IncidentID: id, OrgID: o.ID, OrgName: o.Name, Kind: kind, Ref: fmt.Sprintf("%s/%d", id, len(t.known)), At: at, Text: "某人"})
	}
	hop := func(kind report.HopKind, ref string, at, written time.Time, d report.Decision) {
		h := report.Hop{ID: fmt.Sprintf("%sh%d", id, len(t.hops)), ReportID: ref, IncidentID: id, Kind: kind, FromOrg: county.ID, FromName: county.Name, ToOrg: city.ID, ToName: city.Name, SubmittedAt: at, WrittenAt: written, DeliveredAt: &written, Decision: d}
		if d == report.Returned {
			decided := at.Add(time.Hour)
			h.DecidedAt, h.Reason = &decided, "缺伤亡"
		}
		t.hops = append(t.hops, h)
	}
	write := func(kind report.Kind, prev string, at time.Time, dead string) *report.Report {
		r := report.Report{ID: fmt.Sprintf("%sr%d", id, len(t.reports)), IncidentID: id, OrgID: county.ID, OrgName: county.Name, Kind: kind, State: report.Sent, SentAt: &at, PrevID: prev, Version: 1, Values: map[string]string{}, Answers: map[string]string{}, Waived: map[string]string{}}
		if dead != "" {
			r.Values["figure.dead"] = dead
		}
		t.reports = append(t.reports, r)
		return &t.reports[len(t.reports)-1]
	}
	fault := func(list ...report.Fault) { t.want = append(t.want, list...) }
	end := func(at time.Time) { t.incident.State, t.incident.ClosedAt = incident.Closed, &at }
	if one(8) { // nothing was ever told
		switch lot.IntN(4) {
		case 0: // nobody but the county knew
			know(county, "desk", base)
			fault(report.Late, report.Late)
		case 1: // the city had it from elsewhere
			know(county, "call", base)
			know(city, "media", base.Add(minutes(1, 600)))
			fault(report.Omitted, report.Reversed)
		case 2: // a department wrote to the county
			know(county, "department", base)
			fault(report.Omitted)
		case 3: // the limit of the written report is still to come
			base = now.Add(-30 * time.Minute)
			know(county, "call", base)
			fault(report.Late)
		}
		t.incident.KnownAt, t.incident.OccurredAt = base, base.Add(-10*time.Minute)
		return t
	}
	know(county, "call", base)
	first := base.Add(minutes(5, 20)) // when the city was told first
	switch lot.IntN(5) {
	case 0: // after the limit
		first = base.Add(25*time.Minute + time.Second + minutes(0, 10))
		hop(report.Phone, "", first, first, report.Accepted)
		fault(report.Late)
	case 1: // said to be in time, written down after the limit, and nobody confirms it
		first = base.Add(30 * time.Minute)
		hop(report.Phone, "", base.Add(10*time.Minute), first, "")
		fault(report.Late, report.Backdated)
	case 2: // the same, confirmed
		first = base.Add(10 * time.Minute)
		hop(report.Phone, "", first, base.Add(30*time.Minute), report.Accepted)
		fault(report.Backdated)
	default:
		hop(report.Phone, "", first, first, report.Accepted)
	}
	sent := base.Add(minutes(38, 49))
	switch {
	case one(4):
		sent = base.Add(50*time.Minute + time.Second + minutes(0, 500))
		fault(report.Late)
	case one(4): // on the very moment
		sent = base.Add(50 * time.Minute)
	}
	r := write(report.First, "", sent, "1")
	for range lot.IntN(3) * lot.IntN(2) {
		r.Missing = append(r.Missing, []string{"trend", "leaders"}[len(r.Missing)])
		fault(report.Incomplete)
	}
	switch lot.IntN(4) {
	case 0: // the city saw it elsewhere before it was told
		know(city, "media", first.Add(-minutes(1, 4)))
		fault(report.Reversed)
	case 1: // and after
		know(city, "public", first.Add(minutes(1, 30)))
	}
	count := func(value int, before time.Duration) {
		at := sent.Add(-before)
		t.figures = append(t.figures, incident.Figure{ID: id + "f", IncidentID: id, Kind: "dead", Value: value, At: at, Source: "县卫健委", WrittenAt: at})
	}
	switch lot.IntN(5) {
	case 0: // another source counted otherwise
		count(2, minutes(1, 110))
		fault(report.Contradiction)
	case 1: // which was asked and answered
		count(2, minutes(1, 110))
		r.Answers["differs figure.dead"] = "重复计一人"
	case 2: // the same
		count(1, minutes(1, 110))
	case 3: // long before
		count(0, minutes(121, 600))
	}
	ref := r.ID
	if one(4) { // sent back
		hop(report.Up, ref, sent, sent, report.Returned)
		fault(report.SentBackOnce)
		again := sent.Add(time.Hour + minutes(5, 49))
		if one(2) { // and done again, in time or late
			if one(2) {
				again = sent.Add(time.Hour + 50*time.Minute + time.Second)
				fault(report.Late)
			}
			hop(report.Up, write(report.First, "", again, "").ID, again, again, report.Accepted)
		} else {
			fault(report.Late)
		}
		end(again.Add(time.Hour))
	} else {
		hop(report.Up, ref, sent, sent, report.Accepted)
		switch lot.IntN(5) {
		case 0: // it goes on, and nothing followed
			fault(report.Late)
		case 1: // a follow-up with a figure that shrank
			next := sent.Add(2 * time.Hour)
			f := write(report.Follow, ref, next, "0")
			if one(2) {
				f.Answers["shrinks figure.dead"] = "一人为误报"
			} else {
				fault(report.Contradiction)
			}
			hop(report.Up, f.ID, next, next, report.Accepted)
			end(next.Add(time.Hour))
		case 2: // a follow-up after its time
			next := sent.Add(3*time.Hour + time.Second)
			hop(report.Up, write(report.Follow, ref, next, "1").ID, next, next, report.Accepted)
			fault(report.Late)
			end(next.Add(time.Hour))
		default:
			end(sent.Add(time.Hour))
		}
	}
	if one(4) { // a copy in time heals nothing
		hop(report.Copy, ref, base, base, "")
	}
	t.incident.KnownAt, t.incident.OccurredAt = base, base.Add(-10*time.Minute)
	return t
}

// TestTheDatabasesJudgeTwoHundredIncidentsExactly keeps 200 incidents of which is known what is wrong with each, and
// wants exactly that of the statistics of the desk above.
func TestTheDatabasesJudgeTwoHundredIncidentsExactly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		dir := t.TempDir()
		r.must(os.WriteFile(filepath.Join(dir, "county.yml"), []byte(limits), 0o600))
		var err error
		r.Book, err = deadline.LoadBook("../../../firmware-configs/deadlines", dir)
		r.must(err)
		leader := r.as("city", account.RoleLeader)
		incidents, reports := store.NewIncidents(db), store.NewReports(db)
		now := time.Now().UTC().Truncate(time.Second)
		lot := rand.New(rand.NewPCG(20261126, 200)) //nolint:gosec // a seed, so that each run has the same incidents
		want, total := map[string][]report.Fault{}, map[report.Fault]int{}
		r.must(db.Do(r.system, func(ctx context.Context) error {
			for n := range 200 {
				one := tell(n, lot, now, r.orgs["county"], r.orgs["city"])
				slices.Sort(one.want)
				want[one.incident.ID] = one.want
				for _, f := range one.want {
					total[f]++
				}
				r.must(incidents.Save(ctx, one.incident, 0))
				for _, k := range one.known {
					r.must(incidents.AddKnown(ctx, k))
				}
				for _, f := range one.figures {
					r.must(incidents.AddFigure(ctx, f))
				}
				for _, v := range one.reports {
					r.must(reports.Save(ctx, v, 0))
				}
				for _, h := range one.hops {
					r.must(reports.SaveHop(ctx, h))
				}
			}
			return nil
		}))
		stats, err := r.Stats(leader, now.Add(-60*24*time.Hour), now.Add(time.Hour))
		r.must(err)
		got := map[string][]report.Fault{}
		for _, f := range stats.Findings {
			got[f.IncidentID] = append(got[f.IncidentID], f.Fault)
			if f.OrgID != r.orgs["county"].ID || f.At.IsZero() || f.What == "" && f.Found == "" {
				t.Errorf("%s: a finding without evidence: %+v", f.IncidentID, f)
			}
		}
		for id, faults := range want {
			slices.Sort(got[id])
			if !slices.Equal(got[id], faults) {
				t.Errorf("%s: found %v, want %v", id, got[id], faults)
			}
		}
		if len(want) != 200 || len(stats.Scores) != 1 || stats.Scores[0].Incidents != 200 {
			t.Errorf("%d incidents, the table %+v", len(want), stats.Scores)
		}
		for _, f := range []report.Fault{report.Late, report.Incomplete, report.Contradiction, report.Omitted, report.Reversed, report.SentBackOnce, report.Backdated} {
			if total[f] < 5 || stats.Scores[0].Faults[f] != total[f] {
				t.Errorf("%s: %d among the incidents, %d in the table", f, total[f], stats.Scores[0].Faults[f])
			}
		}
	})
}

// However many wait, a desk sees all of them.
func TestADeskSeesAllThatWaits(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	i := r.fire(r.as("county", account.RoleDuty))
	const many = 230
	r.must(r.Tx.Do(r.system, func(ctx context.Context) error {
		for n := range many {
			h := report.Hop{ID: fmt.Sprintf("h%03d", n), IncidentID: i.ID, Kind: report.Phone, FromOrg: r.orgs["county"].ID, ToOrg: r.orgs["city"].ID, SubmittedAt: time.Now().Add(-time.Duration(n) * time.Minute)}
			r.must(r.Store.SaveHop(ctx, h))
		}
		return nil
	}))
	d, err := r.Desk(r.as("city", account.RoleDuty))
	r.must(err)
	if len(d.Waiting) != many {
		t.Errorf("%d of %d wait", len(d.Waiting), many)
	}
}
