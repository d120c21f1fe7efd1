package video

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func TestTokenAllowsOneActionOnOneStreamUntilItExpires(t *testing.T) {
	s := signer{[]byte("0123456789abcdef0123456789abcdef")}
	token := s.sign(claim{Stream: "cam", Action: Watch, Expires: noon.Add(time.Minute).Unix(), User: "u1", Name: "周岚"})
	flipped := []byte(token)
	flipped[3] ^= 1
	for _, c := range []struct {
		name, token, stream string
		action              Action
		at                  time.Time
		want                errs.Kind
	}{
		{"right", token, "cam", Watch, noon, ""},
		{"last moment", token, "cam", Watch, noon.Add(59 * time.Second), ""},
		{"expired", token, "cam", Watch, noon.Add(time.Minute), errs.Unauthenticated},
		{"other stream", token, "cam2", Watch, noon, errs.Denied},
		{"other action", token, "cam", Publish, noon, errs.Denied},
		{"changed", string(flipped), "cam", Watch, noon, errs.Unauthenticated},
		{"cut short", token[:len(token)-4], "cam", Watch, noon, errs.Unauthenticated},
		{"no signature", strings.Split(token, ".")[0] + ".", "cam", Watch, noon, errs.Unauthenticated},
		{"nothing", "", "cam", Watch, noon, errs.Unauthenticated},
		{"huge", strings.Repeat("a", 1<<20) + ".a", "cam", Watch, noon, errs.Unauthenticated},
		{"of another centre", signer{[]byte("another")}.sign(claim{Stream: "cam", Action: Watch, Expires: noon.Add(time.Minute).Unix()}), "cam", Watch, noon, errs.Unauthenticated},
	} {
		got, err := s.verify(c.token, c.stream, c.action, c.at)
		if (err == nil) != (c.want == "") || errs.KindOf(err) != c.want {
			t.Errorf("%s: %v, want kind %q", c.name, err, c.want)
		}
		if err == nil && (got.User != "u1" || got.Name != "周岚") {
			t.Errorf("%s: claim %+v", c.name, got)
		}
	}
	if other := s.sign(claim{Stream: "cam", Action: Watch, Expires: noon.Add(time.Minute).Unix(), User: "u1"}); other == token {
		t.Error("two tokens are the same")
	}
}

func TestKeyOutlivesTheProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), "deep", "video.key")
	first, err := LoadKey(file)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LoadKey(file)
	if err != nil || !bytes.Equal(first, second) || len(first) != keySize {
		t.Errorf("got %x then %x, %v", first, second, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func FuzzToken(f *testing.F) {
	s := signer{[]byte("key")}
	f.Add(s.sign(claim{Stream: "cam", Action: Watch}))
	f.Add("a.b")
	f.Fuzz(func(t *testing.T, token string) {
		if c, err := s.open(token); err == nil && c.Stream == "" && c.Action == "" && token != "" && len(token) > maxToken {
			t.Errorf("%q was taken", token)
		}
	})
}
