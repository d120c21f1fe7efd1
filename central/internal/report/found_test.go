package report_test

import (
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func (r *room) faults(of string) (out []report.Fault) {
	r.t.Helper()
	s, err := r.Stats(r.system, time.Now().AddDate(0, 0, -7), time.Now())
	r.must(err)
	for _, f := range s.Findings {
		if f.OrgID == r.orgs[of].ID {
			out = append(out, f.Fault)
		}
	}
	slices.Sort(out)
	return out
}

func old(title string, k incident.Known) incident.Draft {
	return incident.Draft{
		Title: title, Category: "accident.work_safety", Place: "洋口", Division: "320623", OccurredAt: time.Now().Add(-48 * time.Hour), KnownAt: time.Now().Add(-47 * time.Hour), From: k,
	}
}

// A copy tells what it tells: not the version before, which went to the city only, and nothing of its questions.
func TestACopyDoesNotCarryWhatWasSaidBefore(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	county, city, neighbour := r.as("county", account.RoleDuty), r.as("city", account.RoleDuty), r.as("neighbour", account.RoleDuty)
	i := r.fire(county)
	v, err := r.Begin(county, i.ID, "")
	r.must(err)
	saved, err := r.Save(county, v.ID, edits("unit", "", "某公司", "trend", "", "只报市里的话"))
	r.must(err)
	first, err := r.Send(county, v.ID, report.Sending{Version: saved.Version, Signer: "李", How: "oral"})
	r.must(err)
	v, err = r.Begin(county, i.ID, "")
	r.must(err)
	saved, err = r.Save(county, v.ID, edits("trend", "只报市里的话", "可控"))
	r.must(err)
	next, err := r.Send(county, v.ID, report.Sending{Version: saved.Version, Signer: "李", How: "oral", Copies: []string{r.orgs["neighbour"].ID}})
	r.must(err)
	got, err := r.Get(neighbour, next.ID)
	r.must(err)
	if got.Prev != nil || len(got.Check.Changed) != 0 {
		t.Errorf("the neighbour has the version before: %+v, %v", got.Prev, got.Check.Changed)
	}
	if _, err := r.Get(neighbour, first.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("the neighbour reads the first report: %v", err)
	}
	if got, err = r.Get(city, next.ID); err != nil || got.Prev == nil || got.Prev.Values["trend"] != "只报市里的话" {
		t.Errorf("the city lacks the version before: %+v %v", got.Prev, err)
	}
	copied := got.Hops
	desk, err := r.Desk(neighbour)
	r.must(err)
	if len(desk.Waiting) != 1 || desk.Waiting[0].Kind != report.Copy {
		t.Fatalf("at the neighbour: %+v, at the city %+v", desk.Waiting, copied)
	}
	if _, err := r.Forward(neighbour, desk.Waiting[0].ID); errs.KindOf(err) != errs.Conflict {
		t.Errorf("passed on what happened elsewhere: %v", err)
	}
}

// Merging and withdrawing take no fault out of the statistics, and parting brings back what was.
func TestNothingIsMergedOrWithdrawnAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		county, city := r.as("county", account.RoleDuty), r.as("city", account.RoleDuty)
		hidden, err := r.incidents.Open(county, old("一", incident.Known{Kind: "call", Ref: "1", Text: "群众"}))
		r.must(err)
		_, err = r.incidents.Learn(city, hidden.ID, incident.Known{At: time.Now().Add(-46 * time.Hour), Kind: "media", Ref: "2", Text: "某网站"})
		r.must(err)
		want := []report.Fault{report.Omitted, report.Reversed}
		if got := r.faults("county"); !slices.Equal(got, want) {
			t.Fatalf("before: %v", got)
		}
		fresh := r.fire(county)
		_, err = r.Phoned(county, fresh.ID, report.Call{Text: "已报市值班室"})
		r.must(err)
		_, err = r.incidents.Merge(county, hidden.ID, fresh.ID)
		r.must(err)
		// Told now, two days after the county knew: late, and the city knew before.
		if got := r.faults("county"); !slices.Contains(got, report.Late) || !slices.Contains(got, report.Reversed) {
			t.Errorf("merged: %v", got)
		}
		_, err = r.incidents.Unmerge(county, hidden.ID, "两件事")
		r.must(err)
		if got := r.faults("county"); !slices.Equal(got, want) {
			t.Errorf("parted: %v", got)
		}
		_, err = r.incidents.Close(county, hidden.ID, incident.Void, "误立")
		r.must(err)
		if got := r.faults("county"); !slices.Equal(got, want) {
			t.Errorf("withdrawn: %v", got)
		}
		quick := r.fire(county)
		_, err = r.incidents.Close(county, quick.ID, incident.Void, "误立")
		r.must(err)
		if got := r.faults("county"); !slices.Equal(got, want) {
			t.Errorf("withdrawn before anything was due: %v", got)
		}
	})
}

// A call that is written down long after it is said to have been made heals nothing by itself.
func TestABackdatedCallIsConfirmedOrReturnedByTheReceiver(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	county, city := r.as("county", account.RoleDuty), r.as("city", account.RoleDuty)
	i, err := r.incidents.Open(county, old("迟报", incident.Known{}))
	r.must(err)
	if got := r.faults("county"); !slices.Equal(got, []report.Fault{report.Late, report.Late}) {
		t.Fatalf("nothing was told: %v", got)
	}
	phone := func() report.Hop {
		h, err := r.Phoned(county, i.ID, report.Call{At: time.Now().Add(-46*time.Hour - 55*time.Minute), Text: "早已电话报告"})
		r.must(err)
		h, err = r.Open(city, h.ID)
		r.must(err)
		return h
	}
	h := phone()
	if h.Decision != "" {
		t.Fatalf("opened was taken for confirmed: %+v", h)
	}
	if got := r.faults("county"); !slices.Equal(got, []report.Fault{report.Backdated, report.Late, report.Late}) {
		t.Errorf("not confirmed: %v", got)
	}
	_, err = r.Return(city, h.ID, "未接到过这个电话")
	r.must(err)
	if !r.running(report.ClockPhone) {
		t.Error("after the return nobody is asked to call")
	}
	if got := r.faults("county"); !slices.Equal(got, []report.Fault{report.Late, report.Late, report.SentBackOnce}) {
		t.Errorf("returned: %v", got)
	}
	h = phone()
	_, err = r.Accept(city, h.ID)
	r.must(err)
	if got := r.faults("county"); !slices.Equal(got, []report.Fault{report.Backdated, report.Late, report.SentBackOnce}) {
		t.Errorf("confirmed: %v", got)
	}
}
