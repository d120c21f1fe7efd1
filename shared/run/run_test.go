package run_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/run"
)

func TestPartsStopInReverseAndAllOfThem(t *testing.T) {
	var p run.Parts
	var order []string
	broken := errors.New("broken")
	for _, name := range []string{"store", "broker", "http"} {
		p.Add(name, func(context.Context) error {
			order = append(order, name)
			if name == "broker" {
				return broken
			}
			return nil
		})
	}
	err := p.Stop(time.Minute)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "stop broker") {
		t.Errorf("got %v", err)
	}
	if !slices.Equal(order, []string{"http", "broker", "store"}) {
		t.Errorf("stopped in the order %v", order)
	}
	if err := p.Stop(time.Minute); err != nil || len(order) != 3 {
		t.Errorf("a second stop: %v, %v", err, order)
	}
}

func TestAFolderHasOneOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	unlock, err := run.Lock(dir, "agent")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Lock(dir, "agent"); err == nil || !strings.Contains(err.Error(), "another agent runs on "+dir) {
		t.Errorf("a second owner: %v", err)
	}
	if err := unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := run.Lock(dir, "agent")
	if err != nil {
		t.Fatal(err)
	}
	if err := again(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLogHasTheLevelAndFormatOfTheConfiguration(t *testing.T) {
	for _, c := range []struct{ level, format, begins string }{
		{"debug", "text", "time="},
		{"info", "json", "{"},
		{"nonsense", "text", "time="},
		{"error", "text", ""},
	} {
		var out bytes.Buffer
		run.Logger(c.level, c.format, &out).Info("hello")
		if !strings.HasPrefix(out.String(), c.begins) || (c.begins == "") != (out.Len() == 0) {
			t.Errorf("%s as %s: %q", c.level, c.format, out.String())
		}
	}
}
