package resource_test

import (
	"slices"
	"testing"

	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// An incident that is not on the map has no nearest, and that is no fault of the teams. What was asked before it was put
// there follows it.
func TestAnIncidentWithoutAPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		far, near := h.team("远队", 121.4, 32.5, "抢险"), h.team("近队", 121.01, 32.5, "抢险")
		bare, err := h.SaveTeam(h.chief, resource.Team{Name: "不明队", OrgID: h.county.ID, Words: []string{"抢险"}, People: 5, Leader: "王队", Phone: "13800000009"})
		h.must(err)
		i, err := h.incidents.Open(h.officer, incident.Draft{Title: "圩堤渗漏", Category: "natural.flood", Place: "洋口镇"})
		h.must(err)
		r := h.ask(i, resource.OfTeam, "抢险", "支", 3)
		proposed := func() ([]string, map[string][]string) {
			p, err := h.Propose(h.officer, r.ID)
			h.must(err)
			var order []string
			codes := map[string][]string{}
			for _, k := range slices.Concat(p.Picks, p.Others) {
				order = append(order, k.ID)
				for _, w := range k.Why {
					codes[k.ID] = append(codes[k.ID], w.Code)
				}
			}
			return order, codes
		}
		_, why := proposed()
		for id, want := range map[string]bool{far.ID: false, near.ID: false, bare.ID: true} {
			if slices.Contains(why[id], "nowhere") != want || slices.Contains(why[id], "km") {
				t.Errorf("before: %s %v", id, why[id])
			}
		}
		lon, lat := at(121.0, 32.5)
		_, err = h.incidents.Change(h.officer, i.ID, incident.Change{Version: i.Version, Lon: lon, Lat: lat, Why: "在图上标"})
		h.must(err)
		order, why := proposed()
		if !slices.Equal(order, []string{near.ID, far.ID, bare.ID}) || !slices.Contains(why[near.ID], "km") || !slices.Contains(why[bare.ID], "nowhere") {
			t.Errorf("after: %v %v", order, why)
		}
	})
}
