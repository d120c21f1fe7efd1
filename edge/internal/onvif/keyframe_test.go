package onvif

import (
	"errors"
	"slices"
	"testing"

	"github.com/fengsui/fengsui/shared/testserver/dome"
)

func TestACameraIsAskedForAKeyFrameInEachOfItsPictures(t *testing.T) {
	for name, o := range map[string]dome.Options{
		"one that turns": {User: "viewer", Password: "s3cret"}, "one that does not": {User: "viewer", Password: "s3cret", Fixed: true},
		"one that demands HTTP digest": {User: "viewer", Password: "s3cret", Digest: "SHA-256"},
	} {
		n := 0
		o.Key = func() { n++ }
		d := start(t, o)
		k := NewKeyFrames(Options{ID: "cam", Address: d.Address(), User: "viewer", PasswordFile: secret(t, "s3cret")})
		for range 2 {
			if err := k.Ask(t.Context()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if want := []string{"capabilities", "profiles", "key", "key", "key", "key"}; n != 4 || !slices.Equal(d.Asked(), want) {
			t.Errorf("%s: asked %d times, %q, want %q", name, n, d.Asked(), want)
		}
	}
}

func TestACameraThatGivesNoKeyFrameIsNamed(t *testing.T) {
	plain := start(t, dome.Options{User: "viewer", Password: "s3cret"})
	for name, c := range map[string]struct {
		address, password string
		want              error
	}{
		"it does not know the request": {plain.Address(), "s3cret", ErrRefused},
		"wrong password":               {plain.Address(), "wr0ng", ErrPassword},
		"nobody there":                 {"http://127.0.0.1:1/onvif/device_service", "s3cret", ErrUnreachable},
	} {
		k := NewKeyFrames(Options{ID: "cam", Address: c.address, User: "viewer", PasswordFile: secret(t, c.password)})
		if err := k.Ask(t.Context()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		// Whoever refused is not asked again at the next opening.
		asked, again := plain.Tries(), k.Ask(t.Context())
		if refuses := !errors.Is(c.want, ErrUnreachable); (again == nil) != refuses || plain.Tries() != asked {
			t.Errorf("%s: asked again: %v, %d requests more", name, again, plain.Tries()-asked)
		}
	}
}
