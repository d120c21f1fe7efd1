package geo

import "testing"

func TestDivisionCoversItselfAndWhatIsBelow(t *testing.T) {
	for _, c := range []struct {
		of, below Division
		want      bool
	}{
		{"320600", "320600", true},
		{"320600", "320623", true},
		{"320600", "320623104", true},
		{"320600", "320623104201", true},
		{"320000", "320623", true},
		{"320600", "320500", false},
		{"320623", "320600", false},
		{"320623", "320681", false},
		{"320623000000", "320623104", true},
		{"320623", "320623000000", true},
		{"320623104", "320623104201", true},
		{"320623104", "320623105", false},
		{"", "320623", false},
		{"3206", "320623", false},
		{"320623", "", false},
		{"", "", false},
	} {
		if got := c.of.Covers(c.below); got != c.want {
			t.Errorf("%q covers %q: %v, want %v", c.of, c.below, got, c.want)
		}
	}
}

func TestOnlyCodesOfThreeLengthsAreValid(t *testing.T) {
	for code, want := range map[Division]bool{
		"320600": true, "320623104": true, "320623104201": true,
		"": false, "32": false, "3206": false, "0320600": false, "032060": false, "32060a": false, "3206231": false, " 320600": false, "320600\n": false,
	} {
		if got := code.Valid(); got != want {
			t.Errorf("%q valid: %v, want %v", code, got, want)
		}
	}
}

func TestParentIsTheDivisionAbove(t *testing.T) {
	for code, want := range map[Division]Division{
		"320623104201": "320623104", "320623104": "320623", "320623000000": "320600", "320623": "320600", "320600": "320000",
		"320000": "", "429004": "420000", "310115": "310000", "500233": "500000", "": "", "x": "",
	} {
		if got := code.Parent(); got != want {
			t.Errorf("parent of %q is %q, want %q", code, got, want)
		}
	}
}

func FuzzDivision(f *testing.F) {
	for _, seed := range []string{"320600", "320623104201", "100000", "000000", "32060", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, code string) {
		d := Division(code)
		if stem := d.Stem(); d.Valid() && (len(stem) < 2 || !d.Covers(d)) {
			t.Errorf("%q has the stem %q and covers itself: %v", code, stem, d.Covers(d))
		}
	})
}
