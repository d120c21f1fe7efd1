// Package archtest keeps the rooms of a program apart: it reads the imports of every file, tests included,
// and holds them against the program's own table. A room is the first part of a package's path below
// internal: store/storetest belongs to store.
package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Table says what each room may import.
type Table struct {
	Module string // what all rooms are below, with a slash at its end
	// Levels has one line for each room. A room imports what lies below it; those of level 0 import each other.
	Levels map[string]int
	// Uses lists what a room takes from others that do not lie below it.
	Uses map[string][]string
	// Toolkits are import paths that only the rooms named may see. Of several that begin a path the longest counts.
	Toolkits map[string][]string
	// Parts are the rooms on which the tests of every room may stand.
	Parts []string
	// TestUses lists what else the tests of a room take: rooms, or toolkits as they stand in Toolkits.
	TestUses map[string][]string
	// Picture is the document in which every room stands between backquotes.
	Picture string
}

// Check fails the test for each wrong import below dir and for each line of the table that no package needs.
func (a Table) Check(t *testing.T, dir string) {
	t.Helper()
	seen := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		folder, err := filepath.Rel(dir, filepath.Dir(path))
		if err != nil || folder == "." {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := room(filepath.ToSlash(folder))
		seen[from] = true
		// A package whose name ends in test is imported by tests alone.
		test := strings.HasSuffix(path, "_test.go") || strings.HasSuffix(folder, "test")
		for _, spec := range file.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if !a.May(from, target, test) {
				t.Errorf("%s must not import %s", path, target)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(a.Picture)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if _, ok := a.Levels[name]; !ok {
			t.Errorf("%s has no line in the level table", name)
		}
		if !strings.Contains(string(picture), "`"+name+"`") {
			t.Errorf("%s does not stand in %s", name, a.Picture)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Levels)) {
		if !seen[name] {
			t.Errorf("the level table has a line for %s, which does not exist", name)
		}
	}
}

// May reports whether a room, or its tests, may import path.
func (a Table) May(from, path string, test bool) bool {
	if kit, owners := a.toolkit(path); kit != "" && !slices.Contains(owners, from) {
		return test && slices.Contains(a.TestUses[from], kit)
	}
	name, inside := strings.CutPrefix(path, a.Module)
	if !inside {
		return true
	}
	if strings.HasSuffix(name, "test") && !test {
		return false
	}
	to := room(name)
	if to == from || slices.Contains(a.Uses[from], to) {
		return true
	}
	if test && (slices.Contains(a.Parts, to) || slices.Contains(a.TestUses[from], to)) {
		return true
	}
	level, known := a.Levels[from]
	target, there := a.Levels[to]
	return known && there && (target < level || level == 0 && target == 0)
}

func (a Table) toolkit(path string) (kit string, owners []string) {
	for prefix, rooms := range a.Toolkits {
		if strings.HasPrefix(path, prefix) && len(prefix) > len(kit) {
			kit, owners = prefix, rooms
		}
	}
	return kit, owners
}

func room(name string) string {
	name, _, _ = strings.Cut(name, "/")
	return name
}
