package gpio

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// relay is a chip whose files stand in a folder of the test, with line 17.
func relay(t *testing.T, low bool) (driver.Switch, string) {
	t.Helper()
	dir, line := t.TempDir(), uint16(17)
	put(t, filepath.Join(dir, "export"), "")
	p := &profile.Profile{Outputs: []profile.Output{{ID: "siren", Line: &line, ActiveLow: low}}}
	d, err := Open(driver.Options{ID: "horn", Address: dir, Profile: p})
	if err != nil {
		t.Fatal(err)
	}
	return d.(driver.Switch), dir
}

// export does what the kernel does.
func export(t *testing.T, dir, direction string) string {
	t.Helper()
	line := filepath.Join(dir, "gpio17")
	if err := os.Mkdir(line, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(line, "direction"), direction+"\n")
	put(t, filepath.Join(line, "value"), "0\n")
	return line
}

func TestLineIsExportedAndBecomesAnOutputWithItsLevel(t *testing.T) {
	s, dir := relay(t, false)
	if err := s.Set(t.Context(), "siren", false); !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("a line that the kernel does not make: %v", err)
	}
	if got := get(t, filepath.Join(dir, "export")); got != "17" {
		t.Errorf("exported %q", got)
	}
	line := export(t, dir, "in")
	if err := s.Set(t.Context(), "siren", false); err != nil || get(t, filepath.Join(line, "direction")) != "low" {
		t.Errorf("got %v, direction %q", err, get(t, filepath.Join(line, "direction")))
	}
	put(t, filepath.Join(line, "direction"), "out\n")
	for _, on := range []bool{true, false} {
		if err := s.Set(t.Context(), "siren", on); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get(t.Context(), "siren"); err != nil || got != on {
			t.Errorf("switched %v, reads %v, %v", on, got, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestLineThatIsActiveLow(t *testing.T) {
	s, dir := relay(t, true)
	line := export(t, dir, "out")
	if err := s.Set(t.Context(), "siren", true); err != nil || strings.TrimSpace(get(t, filepath.Join(line, "value"))) != "0" {
		t.Errorf("got %v, value %q", err, get(t, filepath.Join(line, "value")))
	}
	if on, err := s.Get(t.Context(), "siren"); err != nil || !on {
		t.Errorf("reads %v, %v", on, err)
	}
	put(t, filepath.Join(line, "value"), "?")
	if _, err := s.Get(t.Context(), "siren"); !errors.Is(err, driver.ErrMalformed) {
		t.Errorf("nonsense: %v", err)
	}
	if err := s.Set(t.Context(), "lamp", true); !errors.Is(err, driver.ErrNoOutput) {
		t.Errorf("an output that is not there: %v", err)
	}
}

func TestInputsAreReadAndBecomeInputsFirst(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "export"), "")
	p := &profile.Profile{
		Series: []profile.Series{{Property: "door"}, {Property: "smoke"}},
		GPIO:   &profile.GPIOSection{Inputs: []profile.GPIOInput{{Property: "door", Line: 17}, {Property: "smoke", Line: 18, ActiveLow: true}}},
	}
	d, err := Open(driver.Options{ID: "in", Address: dir, Profile: p})
	if err != nil {
		t.Fatal(err)
	}
	line := export(t, dir, "out")
	put(t, filepath.Join(line, "value"), "1\n")
	got, err := d.(driver.Reader).Read(t.Context())
	if len(got) != 1 || got[0].Value != 1 || !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("one line is not there: %+v, %v", got, err)
	}
	if now := get(t, filepath.Join(line, "direction")); now != "in" {
		t.Errorf("the line is %q", now)
	}
	if err := os.Rename(line, filepath.Join(dir, "gpio18")); err != nil {
		t.Fatal(err)
	}
	if got, err := d.(driver.Reader).Read(t.Context()); len(got) != 1 || got[0].Property != "smoke" || got[0].Value != 0 || err == nil {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := Open(driver.Options{ID: "in", Address: dir, Profile: &profile.Profile{Series: p.Series}}); err == nil {
		t.Error("opened series that are read from nowhere")
	}
}
