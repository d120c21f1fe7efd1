package opinion

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/incident"
)

func TestAFactIsNeverATemplate(t *testing.T) {
	one := Template{Title: "关于{title}", Text: "{said}，{figures}，{level}"}
	title, text := one.fill(Facts{Incident: incident.Incident{Title: "{place}"}, Said: "{now}", Figures: map[string]incident.Figure{"dead": {Kind: "dead"}, "injured": {Kind: "injured", Value: 3}}, Now: time.Now()})
	if title != "关于{place}" || text != "{now}，死亡0人，受伤3人，"+gap {
		t.Errorf("%s: %s", title, text)
	}
}

func FuzzTemplates(f *testing.F) {
	kept, err := os.ReadFile("../../../firmware-configs/opinion/statements.yml")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{
		string(kept), "source: x\ntemplates: [{id: a, name: b, name_en: c, title: '{place}', text: '{odd}'}]", "source: x", "{", "templates: 3",
		"source: x\ntemplates: [{id: a, name: b, name_en: c, title: '{pla', text: 'ce}'}]", "source: x\ntemplates: [{id: a, name: b, name_en: c, title: '{{place}}', text: '{\n{now}}'}]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := ParseTemplates("t.yml", text)
		if err != nil {
			return
		}
		for _, one := range got.Items {
			title, words := one.fill(Facts{Incident: incident.Incident{Title: "堤", Level: 4}, Now: time.Unix(0, 0)})
			for _, w := range []string{"{place}", "{now}", "{gap}"} {
				if strings.Contains(title, w) || strings.Contains(words, w) {
					t.Errorf("%s is left in %q %q", w, title, words)
				}
			}
		}
	})
}
