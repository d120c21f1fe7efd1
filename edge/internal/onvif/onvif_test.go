package onvif

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/testserver/dome"
)

func start(t *testing.T, o dome.Options) *dome.Dome {
	t.Helper()
	o.Listen = "127.0.0.1:0"
	d := dome.New(o)
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Stop(context.Background()) })
	return d
}

func secret(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestACameraWithItsOwnClockIsMovedStoppedAndSentToItsPresets(t *testing.T) {
	for _, like := range []dome.Options{{}, {Clock: -9 * time.Hour}, {Clock: 400 * 24 * time.Hour}, {Digest: "MD5"}, {Digest: "SHA-256"}} {
		clock := fmt.Sprint(like.Clock, " ", like.Digest)
		like.User, like.Password = "viewer", "s3cret"
		d := start(t, like)
		c := New(Options{ID: "cam", Address: d.Address(), User: "viewer", PasswordFile: secret(t, "s3cret")})
		if err := c.Move(t.Context(), Velocity{Pan: 1, Tilt: -0.5, Zoom: 0.25}, time.Minute); err != nil {
			t.Fatalf("clock %s: %v", clock, err)
		}
		if !d.Moving() {
			t.Error("it does not move")
		}
		if err := c.Stop(t.Context()); err != nil || d.Moving() {
			t.Errorf("stopped: %v, moves %v", err, d.Moving())
		}
		if v := d.View(); v.Pan <= 0 || v.Tilt >= 0 || v.Zoom <= 0 {
			t.Errorf("it looks at %+v", v)
		}
		if err := c.Save(t.Context(), "闸口 <a&b>"); err != nil {
			t.Error(err)
		}
		list, err := c.Presets(t.Context())
		if err != nil || len(list) != 3 || list[1] != (Preset{"2", "下游水尺"}) || list[2].Name != "闸口 <a&b>" {
			t.Errorf("presets %+v, %v", list, err)
		}
		if err := c.Go(t.Context(), "2"); err != nil || d.View() != (dome.View{Pan: -40, Tilt: 10, Zoom: 0.6}) {
			t.Errorf("it looks at %+v, %v", d.View(), err)
		}
		if err := c.Remove(t.Context(), "1"); err != nil {
			t.Error(err)
		}
		if list, err = c.Presets(t.Context()); err != nil || len(list) != 2 || list[0].Token != "2" {
			t.Errorf("after one was removed: %+v, %v", list, err)
		}
		if err := c.Go(t.Context(), "99"); !errors.Is(err, ErrRefused) {
			t.Errorf("no such preset: %v", err)
		}
		if n := len(slices.DeleteFunc(d.Asked(), func(what string) bool { return what != "capabilities" })); n != 1 {
			t.Errorf("asked for its capabilities %d times", n)
		}
	}
}

func TestFailuresAreNamedAndShowNoPassword(t *testing.T) {
	d := start(t, dome.Options{User: "viewer", Password: "s3cret"})
	fixed := start(t, dome.Options{Fixed: true})
	demanding := start(t, dome.Options{User: "viewer", Password: "s3cret", Digest: "SHA-256"})
	serve := func(status int, text string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if status == http.StatusFound {
				w.Header().Set("Location", d.Address())
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}))
		t.Cleanup(s.Close)
		return s.URL + "/onvif/device_service"
	}
	for _, c := range []struct {
		name, address, password string
		want                    error
	}{
		{"wrong password", d.Address(), "wr0ng", ErrPassword},
		{"wrong password by digest", demanding.Address(), "wr0ng", ErrPassword},
		{"nobody there", "http://127.0.0.1:1/onvif/device_service", "s3cret", ErrUnreachable},
		{"no head", fixed.Address(), "s3cret", ErrFixed},
		{"a web page", serve(200, "<html><p>hello"), "s3cret", ErrAnswer},
		{"another page", serve(302, ""), "s3cret", ErrAnswer},
		{"refused at the door", serve(401, ""), "s3cret", ErrPassword},
		{"endless", serve(200, "<a>"+strings.Repeat("x", maxAnswer)), "s3cret", ErrAnswer},
		{"empty envelope", serve(200, "<Envelope><Body/></Envelope>"), "s3cret", ErrFixed},
	} {
		cam := New(Options{ID: "cam", Address: c.address, User: "viewer", PasswordFile: secret(t, c.password)})
		err := cam.Stop(t.Context())
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if text := fmt.Sprint(err); strings.Contains(text, c.password) {
			t.Errorf("%s: the password is shown: %v", c.name, err)
		}
	}
}

func TestAfterAFailureACameraIsAskedAnew(t *testing.T) {
	d := start(t, dome.Options{})
	c := New(Options{ID: "cam", Address: d.Address()})
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Deaf(true)
	if err := c.Stop(t.Context()); !errors.Is(err, ErrAnswer) {
		t.Errorf("deaf: %v", err)
	}
	d.Deaf(false)
	if err := c.Stop(t.Context()); err != nil {
		t.Errorf("well again: %v", err)
	}
}

// The answers of ONVIF's own examples (Core and PTZ specifications) in short, and what breaks them.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><tptz:GetPresetsResponse xmlns:tptz="p"><tptz:Preset token="1"><tt:Name xmlns:tt="t">a</tt:Name></tptz:Preset></tptz:GetPresetsResponse></s:Body></s:Envelope>`,
		`<Envelope><Body><Fault><Code><Value>s:Sender</Value><Subcode><Value>ter:NotAuthorized</Value></Subcode></Code><Reason><Text>no</Text></Reason></Fault></Body></Envelope>`,
		`<Envelope><Body><GetSystemDateAndTimeResponse><SystemDateAndTime><UTCDateTime><Time><Hour>25</Hour></Time><Date><Year>-1</Year></Date></UTCDateTime></SystemDateAndTime></GetSystemDateAndTimeResponse></Body></Envelope>`,
		`<Envelope><Body><GetProfilesResponse><Profiles token="a"><PTZConfiguration/></Profiles></GetProfilesResponse></Body></Envelope>`,
		`<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>`, "", "<", strings.Repeat("<a>", 200),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := parse(text)
		if err != nil {
			if !errors.Is(err, ErrAnswer) {
				t.Errorf("an error without a name: %v", err)
			}
			return
		}
		if at, ok := a.clock(); ok && (at.Year() < 1970 || at.Year() > 10000) {
			t.Errorf("clock %s", at)
		}
		list := a.presets()
		if len(list) > maxPresets {
			t.Errorf("%d presets", len(list))
		}
		for _, p := range list {
			if p.Token == "" || plain(p.Token) != p.Token || len([]rune(p.Name)) > maxName {
				t.Errorf("preset %q", p)
			}
		}
		if err := a.fault(); err != nil && len([]rune(err.Error())) > maxReason+100 {
			t.Errorf("a long reason: %d", len(err.Error()))
		}
	})
}
