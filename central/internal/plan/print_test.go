package plan_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/testserver"
)

// got is a file, or the end of the test where there are no fonts.
func got(t *testing.T) func(plan.Output, error) plan.Output {
	return func(o plan.Output, err error) plan.Output {
		t.Helper()
		if errs.KindOf(err) == errs.Unavailable {
			testserver.Missing(t, err.Error())
		}
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
}

func TestAPublishedPlanIsPrintedTheSameEachTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		r.Printer = document.Printer{}
		p := r.published()
		for _, form := range []string{plan.PDF, plan.DOCX} {
			one := got(t)(r.Print(r.writer, p.ID, 1, plan.PaperFull, form))
			if one.Name != "防汛应急预案-全本-第1版."+form || len(one.Bytes) < 1000 {
				t.Errorf("%s: %d bytes", one.Name, len(one.Bytes))
			}
			if two := got(t)(r.Print(r.countyWriter, p.ID, 1, plan.PaperFull, form)); !bytes.Equal(one.Bytes, two.Bytes) {
				t.Errorf("%s: two prints of a version differ", form)
			}
		}
		if o := got(t)(r.PrintCharts(r.writer, p.ID, 1, 0)); !strings.HasPrefix(string(o.Bytes), "%PDF") || o.Name != "防汛应急预案-一图-第1版.pdf" {
			t.Errorf("chart %s", o.Name)
		}
		if _, err := r.PrintCharts(r.writer, p.ID, 1, 2); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a level that there is not: %v", err)
		}
		if _, err := r.Print(r.countyWriter, p.ID, 0, plan.PaperFull, plan.PDF); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the county prints the city's draft: %v", err)
		}
		if _, err := r.Print(r.writer, p.ID, 1, "poster", plan.PDF); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a paper that there is not: %v", err)
		}
	})
}

func TestACollectionHoldsThePlansInForceThatOneSees(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		r.Printer = document.Printer{}
		if _, err := r.Collection(r.writer, plan.Query{}, plan.DOCX); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a collection of nothing: %v", err)
		}
		r.published()
		if _, err := r.Make(r.writer, plan.Head{Name: "地震应急预案", Kind: plan.Special, Category: "natural.quake", OrgID: r.city.ID}); err != nil {
			t.Fatal(err)
		}
		one := got(t)(r.Collection(r.writer, plan.Query{}, plan.DOCX))
		if two := got(t)(r.Collection(r.countyWriter, plan.Query{}, plan.DOCX)); !bytes.Equal(one.Bytes, two.Bytes) {
			t.Error("two collections of the same versions differ")
		}
		if _, err := r.Collection(r.writer, plan.Query{Category: "natural.quake"}, plan.PDF); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a plan that is only written is collected: %v", err)
		}
	})
}
