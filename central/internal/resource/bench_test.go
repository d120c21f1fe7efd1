package resource_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// BenchmarkPropose is what make bench shows: how long a proposal takes over 5,000 teams with three capabilities each of
// twenty, and over 100,000 rows of stock of which every warehouse holds what was asked, exactly and alike.
func BenchmarkPropose(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchPropose(b, "sqlite", storetest.SQLite(b)) })
	b.Run("postgres", func(b *testing.B) { benchPropose(b, "postgres", storetest.Postgres(b)) })
}

func benchPropose(b *testing.B, driver string, db *store.DB) {
	b.Helper()
	h := newHouse(b, db)
	h.must(db.Do(h.system, func(ctx context.Context) error { return h.fill(ctx, store.NewResources(db)) }))
	i := h.flood()
	teams, stock := h.ask(i, "team", "能力07队", "支", 12), h.ask(i, "material", "编织袋07", "条", 20_000)
	for range b.N {
		for _, one := range []struct {
			name string
			r    resource.Request
		}{{"team", teams}, {"stock", stock}} {
			var took []time.Duration
			for range 100 {
				from := time.Now()
				p, err := h.Propose(h.officer, one.r.ID)
				took = append(took, time.Since(from))
				if err != nil || len(p.Picks) == 0 || p.Short != 0 {
					b.Fatalf("proposal of %s: %d picks, %g short, %v", one.name, len(p.Picks), p.Short, err)
				}
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds(), "s-"+driver+"-"+one.name+"-p50")
			b.ReportMetric(took[len(took)*95/100].Seconds(), "s-"+driver+"-"+one.name+"-p95")
		}
	}
}

// fill writes the registers of a large county, around the place of the flood.
func (h *house) fill(ctx context.Context, to *store.Resources) error {
	for n := range 5000 {
		t := resource.Team{ID: fmt.Sprint("team", n), Name: fmt.Sprintf("第 %d 队", n), OrgID: h.county.ID, OrgName: h.county.Name, Division: "320623", People: 20, Leader: "王队", Place: "洋口镇", Status: resource.Ready}
		t.Words = []string{fmt.Sprintf("能力%02d", n%20), fmt.Sprintf("能力%02d", (n+7)%20), fmt.Sprintf("能力%02d", (n+13)%20)}
		t.Lon, t.Lat = at(120.5+float64(n%100)/100, 32+float64(n/100)/50)
		if err := to.SaveTeam(ctx, t); err != nil {
			return err
		}
	}
	for n := range 1000 {
		w := resource.Warehouse{ID: fmt.Sprint("house", n), Name: fmt.Sprintf("第 %d 库", n), OrgID: h.county.ID, OrgName: h.county.Name, Division: "320623", Place: "洋口镇"}
		w.Lon, w.Lat = at(120.5+float64(n%50)/50, 32+float64(n/50)/20)
		if err := to.SaveWarehouse(ctx, w); err != nil {
			return err
		}
		for k := range 100 {
			v := resource.Stock{ID: fmt.Sprint("stock", n, "-", k), Item: fmt.Sprintf("编织袋%02d", k%50), Unit: "条", Amount: 3000, Moves: 1, Warehouse: w}
			if k >= 50 {
				v.Item = "防汛" + v.Item
			}
			if err := to.SaveStock(ctx, v); err != nil {
				return err
			}
		}
	}
	return nil
}
