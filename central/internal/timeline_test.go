package internal_test

import (
	"encoding/json"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/resource"
)

// A document is read outside: whatever the code writes into a timeline, none of its own words reaches the paper.
func TestEveryLineOfATimelineHasWordsOnPaper(t *testing.T) {
	code := regexp.MustCompile(`[A-Za-z_]`)
	say := func(kind incident.Kind, act, from string) {
		t.Helper()
		alone, said := incident.Step{Kind: kind}.What(), incident.Step{Kind: kind, Act: act}.What()
		if alone == (incident.Step{}).What() || code.MatchString(alone) {
			t.Errorf("documents have no words for the kind %q (%s): add them in incident/said.go", kind, from)
		}
		if act != "" && (said == alone || code.MatchString(said)) {
			t.Errorf("documents have no words for the act %q of %q (%s), they say %q: add them in incident/said.go", act, kind, from, said)
		}
	}
	kinds := kindsOfTimeline(t)
	for _, kind := range kinds {
		say(kind, "", "code")
	}
	lines := 0
	for _, l := range linesOfCode(t, kinds) {
		lines++
		say(l.Kind, l.Act, "code")
	}
	if len(kinds) < 25 || lines < 60 {
		t.Errorf("only %d kinds and %d lines found in the code", len(kinds), lines)
	}
	for _, kind := range incident.FigureKinds() {
		say(incident.Counted, kind, "figures")
	}
	for _, s := range resource.States() {
		if s.Name() == "" || code.MatchString(s.Name()) {
			t.Errorf("documents have no words for the state %q", s)
		}
	}
	for from := range 5 {
		for to := range 5 {
			act := strconv.Itoa(from) + "→" + strconv.Itoa(to)
			say(incident.Graded, act, "levels")
			say(incident.Answered, act, "levels")
		}
	}
	seen := 0
	for key := range consoleWords(t) { // the values that are no constants of a line are at least there
		if kind, ok := strings.CutPrefix(key, "incident.step."); ok {
			say(incident.Kind(kind), "", "console")
			continue
		}
		act, ok := strings.CutPrefix(key, "incident.act.")
		if !ok {
			continue
		}
		seen++
		kind, own := incident.Noted, act
		for _, k := range kinds {
			if rest, ok := strings.CutPrefix(act, string(k)+"_"); ok && (incident.Step{Kind: kind, Act: act}).What() == (incident.Step{Kind: kind}).What() {
				kind, own = k, rest
				break
			}
		}
		say(kind, own, "console")
	}
	if seen < 100 {
		t.Errorf("only %d acts found in the console", seen)
	}
	for by, want := range map[string]string{"resource": "系统", "command line": "系统", "陈值班": "陈值班"} {
		if got := (incident.Step{ByName: by}).Who(); got != want {
			t.Errorf("a line by %q is recorded by %q, want %q", by, got, want)
		}
	}
	if got := (incident.Step{OrgName: "如东县", ByName: "li"}).Who(); got != "如东县 li" {
		t.Errorf("a person is called %q", got)
	}
}

func consoleWords(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "web", "src", "i18n", "zh-CN.json"))
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]string
	if err := json.Unmarshal(text, &words); err != nil {
		t.Fatal(err)
	}
	return words
}

// kindsOfTimeline are the constants of the type incident.Kind by their names.
func kindsOfTimeline(t *testing.T) map[string]incident.Kind {
	t.Helper()
	out := map[string]incident.Kind{}
	sources(t, func(_ string, f *ast.File) {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok || len(v.Values) != 1 {
					continue
				}
				of := typeName(v.Type)
				if of != "incident.Kind" && (of != "Kind" || f.Name.Name != "incident") {
					continue
				}
				if text := literal(v.Values[0]); text != "" {
					out[f.Name.Name+"."+v.Names[0].Name] = incident.Kind(text)
				}
			}
		}
	})
	return out
}

// teller is a function whose argument at an index is the act of a line of a kind.
type teller struct {
	at   int
	kind incident.Kind
}

// linesOfCode are the lines that the code writes with an act that stands there.
func linesOfCode(t *testing.T, kinds map[string]incident.Kind) []incident.Step {
	t.Helper()
	tellers := map[string]teller{
		"resource.tellLine": {3, "resource"}, "consult.write": {4, "consult"}, "consult.change": {3, "consult"}, "review.note": {1, "review"}, "crew.line": {2, "crew"},
	}
	var out []incident.Step
	sources(t, func(_ string, f *ast.File) {
		in := f.Name.Name
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				sel, ok := n.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if told, ok := tellers[in+"."+sel.Sel.Name]; ok && told.at < len(n.Args) {
					if act := literal(n.Args[told.at]); act != "" {
						out = append(out, incident.Step{Kind: told.kind, Act: act})
					}
				}
			case *ast.CompositeLit:
				if of := typeName(n.Type); of != "incident.Step" && (of != "Step" || in != "incident") {
					return true
				}
				var st incident.Step
				for _, el := range n.Elts {
					kv, ok := el.(*ast.KeyValueExpr)
					if !ok {
						continue
					}
					switch typeName(kv.Key) {
					case "Kind":
						name := typeName(kv.Value)
						if !strings.Contains(name, ".") {
							name = in + "." + name
						}
						st.Kind = kinds[name]
					case "Act":
						st.Act = literal(kv.Value)
					}
				}
				if st.Kind != "" {
					out = append(out, st)
				}
			}
			return true
		})
	})
	return out
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return typeName(e.X) + "." + e.Sel.Name
	}
	return ""
}

func literal(e ast.Expr) string {
	v, ok := e.(*ast.BasicLit)
	if !ok || v.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(v.Value)
	if err != nil {
		return ""
	}
	return text
}
