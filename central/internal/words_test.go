package internal_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/deadline"
)

// sources calls back with every file of the centre that is no test.
func sources(t *testing.T, see func(name string, f *ast.File)) {
	t.Helper()
	set := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err == nil {
			see(d.Name(), f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// spoken complains of each key that the console has no words for.
func spoken(t *testing.T, keys map[string]bool, advice string) {
	t.Helper()
	for _, language := range []string{"zh-CN", "en"} {
		text, err := os.ReadFile(filepath.Join("..", "web", "src", "i18n", language+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var words map[string]string
		if err := json.Unmarshal(text, &words); err != nil {
			t.Fatal(err)
		}
		for key := range keys {
			if words[key] == "" {
				t.Errorf("%s.json has no words for %s: %s", language, key, advice)
			}
		}
	}
	if len(keys) < 20 {
		t.Errorf("only %d found", len(keys))
	}
}

// key is a code or a kind as the console's texts name it.
func key(prefix, code string) string { return prefix + strings.ReplaceAll(code, ".", "_") }

func TestEveryKindOfTheAuditTrailHasWords(t *testing.T) {
	kind := regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)
	keys := map[string]bool{}
	sources(t, func(name string, f *ast.File) {
		inEvents := name == "event.go"
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok || v.Type != nil || len(v.Values) != 1 || (!strings.HasPrefix(v.Names[0].Name, "Event") && !inEvents) {
					continue
				}
				value, ok := v.Values[0].(*ast.BasicLit)
				if !ok || value.Kind != token.STRING {
					continue
				}
				text, err := strconv.Unquote(value.Value)
				said := v.Doc.Text() + v.Comment.Text()
				if err == nil && kind.MatchString(text) && !strings.Contains(said, "ephemeral") && !strings.Contains(said, "passing") {
					keys[key("log.audit.", text)] = true
				}
			}
		}
	})
	spoken(t, keys, "the log would show the bare kind; write them, or say of the constant that it is ephemeral")
}

// A clock says what it is for in the pack of its limit (Do) and where it runs (Kind).
func TestEveryClockHasWords(t *testing.T) {
	keys := map[string]bool{}
	for _, do := range deadline.Dos() {
		keys[key("clocks.do.", do)] = true
	}
	clock := regexp.MustCompile(`^(Clock[A-Z]\w*|clockKind|TaskKind)$`)
	sources(t, func(_ string, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			var value ast.Expr
			switch n := n.(type) {
			case *ast.ValueSpec:
				if len(n.Values) == 1 && clock.MatchString(n.Names[0].Name) {
					value = n.Values[0]
				}
			case *ast.CompositeLit:
				if sel, ok := n.Type.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Clock" {
					return true
				}
				for _, el := range n.Elts {
					if kv, ok := el.(*ast.KeyValueExpr); ok {
						if name, ok := kv.Key.(*ast.Ident); ok && name.Name == "Kind" {
							value = kv.Value
						}
					}
				}
			}
			if lit, ok := value.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil {
					keys[key("clocks.kind.", text)] = true
				}
			}
			return true
		})
	})
	spoken(t, keys, "the page of clocks and the desk would show the bare kind")
}

func TestEveryConflictSaysWhatToDoNext(t *testing.T) {
	keys := map[string]bool{"error.conflict": true}
	sources(t, func(_ string, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for i, arg := range call.Args[:max(0, len(call.Args)-1)] {
				sel, ok := arg.(*ast.SelectorExpr)
				if !ok || sel.Sel.Name != "Conflict" {
					continue
				}
				if code, ok := call.Args[i+1].(*ast.BasicLit); ok && code.Kind == token.STRING {
					if text, err := strconv.Unquote(code.Value); err == nil {
						keys[key("error.code.", text)] = true
					}
				}
			}
			return true
		})
	})
	spoken(t, keys, "the person would be told a bare code; say what to do: reload, compare, take over")
}
