package app

import "testing"

func TestACentreWithoutPicturesHasNoMedia(t *testing.T) {
	// A nil service in an interface is not nil: splitting an incident would ask it.
	if m := media(nil); m != nil {
		t.Errorf("incidents are given %T", m)
	}
}
