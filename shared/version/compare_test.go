package version

import "testing"

func TestVersionsStandInOrder(t *testing.T) {
	order := []string{
		"", "0.1.0-0", "0.1.0-dev", "0.1.0-rc.1", "0.1.0-rc.2", "0.1.0-rc.10", "0.1.0-rc.10.1", "0.1.0", "0.1.1", "0.2.0", "0.10.0", "1.0.0-alpha", "1.0.0",
	}
	for i, a := range order {
		for j, b := range order {
			got := Compare(a, b)
			if (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("Compare(%q, %q) = %d", a, b, got)
			}
		}
	}
	for _, bad := range []string{"1", "1.2", "01.2.3", "1.2.3-", "1.2.3+x", "1.2.3/..", "1.2.3-A", "1.2.3-a..b", "v1.2.3"} {
		if Valid(bad) {
			t.Errorf("%q is taken for a version", bad)
		}
	}
	if !Valid(Version) || !Valid(Floor) || Compare(Floor, Version) > 0 {
		t.Errorf("version %s with floor %s", Version, Floor)
	}
}
