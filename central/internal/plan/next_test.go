package plan_test

import (
	"testing"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// What was published keeps its name, its kind and its category until somebody approves the next version.
func TestANewHeadHoldsFromTheNextVersionOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		p := r.step(r.writer, r.published(), plan.Revising)
		p, err := r.Change(r.writer, p.ID, p.Edit, plan.Head{Name: "反恐应急预案", Kind: plan.Special, Category: "security.terror", OrgID: r.city.ID})
		r.must(err)
		if p.Name != "防汛应急预案" || p.Category != "natural.flood" || p.Coming == nil || p.Coming.Name != "反恐应急预案" {
			t.Fatalf("changed: %+v, coming %+v", p, p.Coming)
		}
		f, err := r.Freeze(r.system, p.ID, 1)
		r.must(err)
		if f.Plan.Category != "natural.flood" {
			t.Errorf("carried out for %s", f.Plan.Category)
		}
		title := func(version int) string {
			t.Helper()
			paper, err := r.Paper(r.writer, p.ID, version, plan.PaperFull)
			r.must(err)
			return paper.Name
		}
		if title(1) != "防汛应急预案" || title(0) != "反恐应急预案" {
			t.Errorf("printed: %s, draft %s", title(1), title(0))
		}
		// Taken back, nothing is coming.
		back, err := r.Change(r.writer, p.ID, p.Edit, plan.Head{Name: "防汛应急预案", Kind: plan.Special, Category: "natural.flood", OrgID: r.city.ID})
		r.must(err)
		if back.Coming != nil {
			t.Errorf("coming: %+v", back.Coming)
		}
		p, err = r.Change(r.writer, p.ID, back.Edit, plan.Head{Name: "防汛防台应急预案", Kind: plan.Special, Category: "natural.weather", OrgID: r.city.ID})
		r.must(err)
		p = r.publish(p)
		if p.Version != 2 || p.Name != "防汛防台应急预案" || p.Category != "natural.weather" || p.Coming != nil {
			t.Errorf("published anew: %+v", p)
		}
		if title(1) != "防汛应急预案" || title(2) != "防汛防台应急预案" {
			t.Errorf("the old version is printed as %s, the new one as %s", title(1), title(2))
		}
	})
}

// Nobody who had a part in what is published approves it, whoever wrote last.
func TestNoneOfItsWritersApprovesAPlan(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	p, err := r.Make(r.writer, plan.Head{Name: "防汛应急预案", Kind: plan.Special, Category: "natural.flood", OrgID: r.city.ID})
	r.must(err)
	p, err = r.Write(r.writer, p.ID, p.Revision, r.body())
	r.must(err)
	b := r.body()
	b.Chapters[0].Text += "。"
	p, err = r.Write(r.duty, p.ID, p.Revision, b)
	r.must(err)
	for _, to := range []plan.State{plan.Consulting, plan.Reviewing, plan.Approving} {
		p = r.step(r.writer, p, to)
	}
	if _, err := r.Move(r.writer, p.ID, plan.NewStep{To: plan.Published, Edit: p.Edit, Number: "1号"}); errs.KindOf(err) != errs.Denied {
		t.Errorf("who wrote most of it approves: %v", err)
	}
	p = r.step(r.approver, p, plan.Published)
	// Another version has other writers, and who changes what it is about is one.
	p = r.step(r.duty, p, plan.Revising)
	p, err = r.Change(r.approver, p.ID, p.Edit, plan.Head{Name: "防汛预案", Kind: plan.Special, Category: "natural.flood", OrgID: r.city.ID})
	r.must(err)
	for _, to := range []plan.State{plan.Consulting, plan.Reviewing, plan.Approving} {
		p = r.step(r.duty, p, to)
	}
	if _, err := r.Move(r.approver, p.ID, plan.NewStep{To: plan.Published, Edit: p.Edit, Number: "2号"}); errs.KindOf(err) != errs.Denied {
		t.Errorf("who renamed it approves: %v", err)
	}
	r.step(r.writer, p, plan.Published)
}

// A version in force is filed, whatever is begun meanwhile.
func TestFilingIsNotEscapedByARevision(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	p := r.published()
	due := *p.DueAt
	owed := func(when string) {
		t.Helper()
		c, err := r.clocks.Of(r.system, deadline.Owner{Kind: plan.OwnerKind, ID: p.ID + " 1"}, "plan.file")
		r.must(err)
		if p.DueWhat != plan.DueFile || p.DueAt == nil || !p.DueAt.Equal(due) || c.State != deadline.Running || !c.DueAt.Equal(due) {
			t.Errorf("%s: due %s %v, the clock is %s", when, p.DueWhat, p.DueAt, c.State)
		}
	}
	p = r.step(r.writer, p, plan.Assessing)
	owed("assessed")
	p = r.step(r.approver, p, plan.Published) // it holds; that files nothing
	owed("found to hold")
	p = r.step(r.writer, p, plan.Revising)
	owed("revised")
	p = r.step(r.writer, p, plan.Consulting)
	owed("consulted on")
	p = r.step(r.writer, r.step(r.writer, p, plan.Reviewing), plan.Approving)
	owed("to be approved")
}
