package response_test

import (
	"testing"

	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// A plan is proposed by its category, so the words of plans are those of incidents.
func TestPlansAreForCategoriesThatIncidentsHave(t *testing.T) {
	categories, err := incident.LoadCategories("../../../firmware-configs/incidents/categories.yml")
	if err != nil {
		t.Fatal(err)
	}
	pack, err := plan.LoadPack("../../../firmware-configs/plans")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, c := range categories.Items {
		known[c.ID] = true
	}
	if len(pack.Categories) == 0 {
		t.Error("plans have no categories")
	}
	for _, c := range pack.Categories {
		if !known[c.Code] {
			t.Errorf("no incident is ever %s", c.Code)
		}
	}
}
