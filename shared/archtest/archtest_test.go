package archtest_test

import (
	"testing"

	"github.com/fengsui/fengsui/shared/archtest"
)

func TestWhatARoomMayImport(t *testing.T) {
	const module = "example.org/house/internal/"
	table := archtest.Table{
		Module:   module,
		Levels:   map[string]int{"errs": 0, "page": 0, "device": 1, "telemetry": 2, "video": 2, "store": 9, "api": 9, "paper": 9},
		Uses:     map[string][]string{"api": {"paper"}},
		Toolkits: map[string][]string{"database/sql": {"store"}, "example.org/media/": {"video"}, "example.org/media/packet": {"video", "device"}},
		Parts:    []string{"store"},
		TestUses: map[string][]string{"api": {"video"}, "telemetry": {"database/sql"}},
	}
	for _, c := range []struct {
		from, to string
		test, ok bool
	}{
		{"telemetry", module + "device", false, true},
		{"telemetry", module + "telemetry/window", false, true},
		{"device", module + "telemetry", false, false},
		{"video", module + "telemetry", false, false},
		{"page", module + "errs", false, true},
		{"errs", module + "device", false, false},
		{"unheard", module + "errs", false, false},
		{"device", "time", false, true},

		{"store", module + "telemetry", false, true},
		{"store", module + "api", false, false},
		{"api", module + "paper", false, true},
		{"paper", module + "api", false, false},

		{"device", "database/sql", false, false},
		{"store", "database/sql/driver", false, true},
		{"video", "example.org/media/session", false, true},
		{"device", "example.org/media/session", false, false},
		{"device", "example.org/media/packet", false, true},

		{"telemetry", module + "store", false, false},
		{"telemetry", module + "store", true, true},
		{"telemetry", module + "api", true, false},
		{"telemetry", module + "store/storetest", true, true},
		{"store", module + "store/storetest", false, false},
		{"telemetry", "database/sql", true, true},
		{"device", "database/sql", true, false},
		{"device", module + "telemetry", true, false},
	} {
		if got := table.May(c.from, c.to, c.test); got != c.ok {
			t.Errorf("%s imports %s (in a test: %v): allowed %v, want %v", c.from, c.to, c.test, got, c.ok)
		}
	}
}
