package plan_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// A version that the next one replaces before it was filed is still owed, by its own clock, and is filed by itself.
func TestEachPublishedVersionIsFiled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		p := r.published()
		clock := func(no int, kind string) deadline.Detail {
			t.Helper()
			c, err := r.clocks.Of(r.system, deadline.Owner{Kind: plan.OwnerKind, ID: fmt.Sprintf("%s %d", p.ID, no)}, kind)
			r.must(err)
			return c
		}
		do := func(ctx context.Context, no int, n plan.NewFiling) error {
			n.Edit = p.Edit
			out, err := r.FileVersion(ctx, p.ID, no, n)
			if err == nil {
				p = out
			}
			return err
		}
		first := clock(1, "plan.file")
		if err := do(r.writer, 1, plan.NewFiling{Do: plan.FilingHand}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("filed beside the steps of the plan: %v", err)
		}
		p = r.step(r.writer, p, plan.Revising)
		for _, to := range []plan.State{plan.Consulting, plan.Reviewing, plan.Approving} {
			p = r.step(r.writer, p, to)
		}
		p = r.step(r.approver, p, plan.Published)
		if c := clock(1, "plan.file"); c.State != deadline.Running || c.Round != first.Round || !c.DueAt.Equal(first.DueAt) {
			t.Errorf("the clock of the first version after the second was published: %+v", c)
		}
		if len(p.Filings) != 2 || p.DueWhat != plan.DueFile || !p.DueAt.Equal(first.DueAt) {
			t.Errorf("owed %+v of %s", p.Filings, p.DueWhat)
		}
		// The second is filed by the steps of the plan; the first is owed as before.
		p = r.step(r.approver, r.step(r.writer, p, plan.Filing), plan.Filed)
		if p.FiledAt == nil || p.DueWhat != plan.DueFile || clock(1, "plan.file").State != deadline.Running || clock(2, "plan.file").State != deadline.Met || clock(2, "plan.receipt").State != deadline.Met {
			t.Errorf("after the second was filed: %s %+v", p.DueWhat, p.Filings)
		}
		for name, n := range map[string]plan.NewFiling{"a receipt before it was handed in": {Do: plan.FilingReceipt, Number: "备〔2026〕1号"}, "a return before it was handed in": {Do: plan.FilingReturn, Note: "缺评审意见"}} {
			if err := do(r.approver, 1, n); errs.KindOf(err) != errs.Conflict {
				t.Errorf("%s: %v", name, err)
			}
		}
		r.must(do(r.writer, 1, plan.NewFiling{Do: plan.FilingHand}))
		if clock(1, "plan.file").State != deadline.Met || clock(1, "plan.receipt").State != deadline.Running || p.DueWhat != plan.DueReceipt {
			t.Errorf("handed in: %s %+v", p.DueWhat, p.Filings)
		}
		if err := do(r.duty, 1, plan.NewFiling{Do: plan.FilingReceipt, Number: "备〔2026〕1号"}); errs.KindOf(err) != errs.Denied {
			t.Errorf("who writes notes the receipt: %v", err)
		}
		if err := do(r.approver, 1, plan.NewFiling{Do: plan.FilingReceipt}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a receipt without a number: %v", err)
		}
		r.must(do(r.approver, 1, plan.NewFiling{Do: plan.FilingReturn, Note: "缺评审意见"}))
		r.must(do(r.writer, 1, plan.NewFiling{Do: plan.FilingHand}))
		r.must(do(r.approver, 1, plan.NewFiling{Do: plan.FilingReceipt, Number: "备〔2026〕1号"}))
		if f := p.Filings[0]; f.FiledAt == nil || f.Receipt != "备〔2026〕1号" || f.DueAt != nil || p.DueWhat != plan.DueAssess {
			t.Errorf("filed: %s %+v", p.DueWhat, f)
		}
		if err := do(r.writer, 1, plan.NewFiling{Do: plan.FilingHand}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("filed twice: %v", err)
		}
		if err := do(r.writer, 3, plan.NewFiling{Do: plan.FilingHand}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a version that is not there: %v", err)
		}
		d, err := r.Detail(r.writer, p.ID)
		r.must(err)
		if last := d.Steps[len(d.Steps)-1]; last.To != plan.Filed || last.Version != 1 || last.Number != "备〔2026〕1号" {
			t.Errorf("the last step %+v", last)
		}
	})
}

// While the next version is written, the one in force is filed by itself as well.
func TestTheVersionInForceIsFiledWhileItIsRevised(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	p := r.step(r.writer, r.published(), plan.Revising)
	p, err := r.FileVersion(r.writer, p.ID, 1, plan.NewFiling{Do: plan.FilingHand, Edit: p.Edit})
	r.must(err)
	p, err = r.FileVersion(r.approver, p.ID, 1, plan.NewFiling{Do: plan.FilingReceipt, Number: "备〔2026〕2号", Edit: p.Edit})
	r.must(err)
	if p.FiledAt == nil || p.State != plan.Revising || p.DueAt != nil {
		t.Errorf("filed %+v", p)
	}
	if _, err := r.FileVersion(r.countyWriter, p.ID, 1, plan.NewFiling{Do: plan.FilingHand, Edit: p.Edit}); err == nil {
		t.Error("somebody of a county files the city's plan")
	}
}
