package response_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// large is the text of a plan with 150 actions, 40 roles and 4 levels.
func (h *house) large() plan.Body {
	b := plan.Body{Chapters: h.body().Chapters}
	for l := range 4 {
		b.Levels = append(b.Levels, plan.Level{Level: l + 1, Conditions: []plan.Condition{{Text: "有险情"}}, Clause: "c2"})
	}
	for n := range 40 {
		b.Roles = append(b.Roles, plan.Role{ID: fmt.Sprintf("r%d", n), Name: fmt.Sprintf("第%d组", n), Fill: plan.Fill{How: "duty", OrgID: h.county.ID, Tier: "officer"}, Clause: "c2"})
	}
	for n := range 150 {
		b.Actions = append(b.Actions, plan.Action{ID: fmt.Sprintf("a%d", n), Title: fmt.Sprintf("任务%d", n), Levels: []int{1, 2, 3, 4}[:1+n%4], RoleID: fmt.Sprintf("r%d", n%40), From: "start", Minutes: 10 + n, Clause: "c2"})
	}
	return b
}

// BenchmarkActivate starts the large plan at its highest level for one flood after the other, each time with all of its
// 150 tasks, and tells how long one takes.
func BenchmarkActivate(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchActivate(b, "sqlite", storetest.SQLite(b)) })
	b.Run("postgres", func(b *testing.B) { benchActivate(b, "postgres", storetest.Postgres(b)) })
}

func benchActivate(b *testing.B, driver string, db *store.DB) {
	b.Helper()
	h := newHouse(b, db)
	p := h.published(h.large())
	for range b.N {
		var took []time.Duration
		for range 10 {
			i := h.flood()
			from := time.Now()
			out := h.start(i, p, 1)
			took = append(took, time.Since(from))
			if out.Added != 150 {
				b.Fatalf("%d tasks", out.Added)
			}
		}
		slices.Sort(took)
		b.ReportMetric(took[len(took)/2].Seconds(), "s-"+driver+"-p50")
		b.ReportMetric(took[len(took)-1].Seconds(), "s-"+driver+"-most")
	}
}
