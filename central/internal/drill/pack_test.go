package drill_test

import (
	"os"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/drill"
)

// What the project assumed is no law: the shipped quotas say where they come from, in both languages.
func TestTheShippedQuotasNameNoBriefAsTheirLaw(t *testing.T) {
	const file = "../../../firmware-configs/drills/programme.yml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "任务书") {
		t.Error("a brief is named as a source")
	}
	p, err := drill.LoadPack("../../../firmware-configs/drills")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range p.Quotas {
		if q.ID != drill.QuotaStanding && (!strings.Contains(q.Clause, "本项目默认值") || !q.Unverified || q.ClauseEN == "") {
			t.Errorf("%s is a default of the project and does not say so: %+v", q.ID, q)
		}
	}
}
