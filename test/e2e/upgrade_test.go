package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

type upgrade struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	State   string `json:"state"`
	Error   string `json:"error"`
	Spent   int64  `json:"spent"`
}

// upgraded is a desk whose terminal takes programs of one key, over an own link that can be cut, and is
// started again whenever it ends.
type upgraded struct {
	*desk
	web *harness.Link // between edge and console address
	key string        // file of the key that signs
	own string        // version of the program that the terminal came with
}

func newUpgraded(t *testing.T) *upgraded {
	t.Helper()
	p := harness.Build(t)
	key := filepath.Join(t.TempDir(), "release.key")
	public := strings.TrimSpace(harness.Run(t, p.Central, "release", "key", key))
	d := &desk{field: harness.StartField(t, p, counting)}
	d.centre = harness.NewCentre(t, p, harness.CentreOptions{Extra: "releases:\n  key: " + public + "\n"})
	d.centre.Boot(t)
	d.link = harness.NewLink(t, d.centre.TLS)
	u := &upgraded{desk: d, web: harness.NewLink(t, strings.TrimPrefix(d.centre.URL, "http://")), key: key}
	u.own = strings.Fields(harness.Run(t, p.Edge, "version"))[1]
	d.edge = harness.NewEdge(t, d.centre, d.field, "edge-rudong", d.link.Addr())
	text, err := os.ReadFile(d.edge.Config)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), d.centre.URL, "http://"+u.web.Addr(), 1) + "upgrade:\n  confirm: 6s\n"
	if err := os.WriteFile(d.edge.Config, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	d.centre.EnrolEdge(t, d.edge.ID, d.edge.Config)
	d.edge.Start(t)
	harness.Supervise(t, d.edge.Process)
	harness.WaitFor(t, 2*soon, "the centre knows which programs the terminal takes", func() error {
		_, err := u.said()
		return err
	})
	return u
}

// said is what the terminal has last told the centre of its programs.
func (u *upgraded) said() (wire.UpgradeState, error) {
	var d struct {
		Agent struct {
			Upgrade *wire.UpgradeState `json:"upgrade"`
		} `json:"agent"`
	}
	if err := u.centre.Admin.Call(http.MethodGet, "/devices/edge-rudong", nil, &d); err != nil {
		return wire.UpgradeState{}, err
	}
	if d.Agent.Upgrade == nil {
		return wire.UpgradeState{}, errors.New("it has not said")
	}
	return *d.Agent.Upgrade, nil
}

// release gives the centre a program.
func (u *upgraded) release(t *testing.T, file, version string) {
	t.Helper()
	said := harness.Run(t, u.centre.Programs.Central, "release", "add", file, "--version", version, "--arch", runtime.GOARCH, "--key", u.key, "--note", "测试", "--config", u.centre.Config)
	if !strings.Contains(said, "release: "+version+"_"+runtime.GOARCH) || !strings.Contains(said, "signed=true") {
		t.Fatalf("release add says %q", said)
	}
}

func (u *upgraded) want(t *testing.T, in map[string]any) upgrade {
	t.Helper()
	var out upgrade
	if err := u.centre.Admin.Call(http.MethodPost, "/devices/edge-rudong/upgrades", in, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// becomes waits for the fate of an upgrade.
func (u *upgraded) becomes(t *testing.T, id, state string) upgrade {
	t.Helper()
	var found upgrade
	harness.WaitFor(t, 6*soon, "the upgrade is "+state, func() error {
		var list harness.List[upgrade]
		if err := u.centre.Admin.Call(http.MethodGet, "/devices/edge-rudong/upgrades", nil, &list); err != nil {
			return err
		}
		for _, one := range list.Items {
			if one.ID == id {
				found = one
				return want(one.State, state)
			}
		}
		return errors.New("there is none")
	})
	return found
}

type rollout struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Version string `json:"version"`
	Members []struct {
		Edge  string `json:"edge"`
		State string `json:"state"`
		Error string `json:"error"`
	} `json:"members"`
}

// rolled begins a roll-out and waits until it is over.
func (u *upgraded) rolled(t *testing.T, in map[string]any) rollout {
	t.Helper()
	var r rollout
	if err := u.centre.Admin.Call(http.MethodPost, "/config-rollouts", in, &r); err != nil || len(r.Members) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	harness.WaitFor(t, 6*soon, "the roll-out is over", func() error {
		if err := u.centre.Admin.Call(http.MethodGet, "/config-rollouts/"+r.ID, nil, &r); err != nil {
			return err
		}
		if r.State == "rolling" {
			return fmt.Errorf("it is %+v", r)
		}
		return nil
	})
	return r
}

// phase waits until the terminal's own page shows a phase, or that it was passed.
func (u *upgraded) phase(t *testing.T, what string, ok func(*wire.UpgradeState) bool) {
	t.Helper()
	harness.WaitFor(t, 4*soon, what, func() error {
		s, err := u.edge.Look()
		if err != nil {
			return err
		}
		if s.Upgrade == nil || !ok(s.Upgrade) {
			return fmt.Errorf("it says %+v", s.Upgrade)
		}
		return nil
	})
}

func (u *upgraded) runs(t *testing.T, version string) {
	t.Helper()
	harness.WaitFor(t, 4*soon, "the terminal runs "+version, func() error {
		s, err := u.edge.Look()
		if err != nil {
			return err
		}
		return want(s.Agent, version)
	})
}

// script is a program that says which version it is and then does something else.
func script(t *testing.T, version, then string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script")
	text := "#!/bin/sh\nif [ \"$1\" = version ]; then echo fengsui-edge " + version + " x floor 0.1.0-0 any; exit 0; fi\n" + then + "\n"
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTerminalIsUpgradedOverABadLinkAndGoesBack(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(-time.Minute)
	u := newUpgraded(t)
	u.release(t, harness.EdgeOf(t, "0.2.0"), "0.2.0")
	u.web.Slow(1 << 20)
	before := u.web.Received()
	wish := u.want(t, map[string]any{"version": "0.2.0"})
	cut := map[float64]bool{}
	kill := func() {
		u.edge.Kill9()
		cut[float64(u.field.State(t).Reads["rd-level-1"]["water_level"])] = true
		u.phase(t, "the terminal is up again", func(*wire.UpgradeState) bool { return true })
	}
	u.phase(t, "a part has been fetched", func(s *wire.UpgradeState) bool { return s.Got > 1<<20 })
	u.web.Cut()
	u.phase(t, "it waits for the link", func(s *wire.UpgradeState) bool { return s.Phase == wire.UpgradeWaiting && s.Error != "" })
	u.web.Mend()
	u.phase(t, "more has been fetched", func(s *wire.UpgradeState) bool { return s.Got > 3<<20 })
	kill()
	u.phase(t, "it goes on after the kill", func(s *wire.UpgradeState) bool { return s.Got > 4<<20 })
	u.centre.Kill9()
	u.centre.Restart(t)
	u.phase(t, "the program is there", func(s *wire.UpgradeState) bool { return s.Phase == wire.UpgradeChecking || s.Slot == "a" })
	kill()
	done := u.becomes(t, wish.ID, "done")
	u.runs(t, "0.2.0")
	said, err := u.said()
	if err != nil || said.Slot != "a" || said.A != "0.2.0" || said.Back == "" || !said.Signed {
		t.Errorf("the terminal says %+v, %v", said, err)
	}
	var releases harness.List[struct {
		Packed int64 `json:"packed"`
	}]
	if err := u.centre.Admin.Call(http.MethodGet, "/releases", nil, &releases); err != nil || len(releases.Items) != 1 {
		t.Fatal(releases, err)
	}
	packed, got := releases.Items[0].Packed, u.web.Received()-before
	if most := packed + 4*wire.MaxUpgradePart + 64<<10; got < packed || got > most {
		t.Errorf("%d bytes came for a file of %d; at most %d", got, packed, most)
	}
	t.Logf("%d bytes came for a file of %d; the terminal counts %d", got, packed, done.Spent)

	// The same version again is nothing; the way back needs no byte.
	u.becomes(t, u.want(t, map[string]any{"version": "0.2.0"}).ID, "done")
	before = u.web.Received()
	u.becomes(t, u.want(t, map[string]any{"back": true}).ID, "done")
	u.runs(t, u.own)
	// And forth again from the slot that is still there.
	if r := u.rolled(t, map[string]any{"division": "320600", "version": "0.2.0", "batch": 1}); r.State != "done" || r.Members[0].State != "done" {
		t.Errorf("the roll-out is %+v", r)
	}
	u.runs(t, "0.2.0")
	if got := u.web.Received() - before; got > 32<<10 {
		t.Errorf("%d bytes were fetched for what lay there", got)
	}
	u.complete(t, start, cut)
}

func TestBadProgramsGoBackByThemselves(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(-time.Minute)
	u := newUpgraded(t)
	for _, c := range []struct{ name, version, then, why string }{
		{"ends at once", "0.3.0", "exit 1", "did not stay up"},
		{"hangs", "0.3.1", "exec sleep 600", "did not stay up"},
	} {
		u.release(t, script(t, c.version, c.then), c.version)
		r := u.rolled(t, map[string]any{"edges": []string{"edge-rudong"}, "version": c.version, "batch": 1})
		if why := r.Members[0].Error; r.State != "stopped" || !strings.Contains(why, c.why) || !strings.Contains(why, "runs again") {
			t.Errorf("%s: %+v", c.name, r)
		}
		u.runs(t, u.own)
	}
	// One that runs but does not reach the centre.
	u.release(t, harness.EdgeOf(t, "0.4.0"), "0.4.0")
	u.web.Slow(4 << 20)
	wish := u.want(t, map[string]any{"version": "0.4.0"})
	u.phase(t, "it fetches", func(s *wire.UpgradeState) bool { return s.Got > 0 })
	u.link.Cut()
	u.runs(t, "0.4.0")
	u.runs(t, u.own)
	u.link.Mend()
	if got := u.becomes(t, wish.ID, "failed"); !strings.Contains(got.Error, "no link to the centre within 6s") {
		t.Errorf("without a link: %q", got.Error)
	}
	// Signed by somebody else: the centre would not take it, so it is put under a terminal with another key.
	other := filepath.Join(t.TempDir(), "other.key")
	harness.Run(t, u.centre.Programs.Central, "release", "key", other)
	_, said, err := harness.Output(u.centre.Programs.Central, "release", "add", script(t, "0.5.0", "exit 1"), "--version", "0.5.0", "--arch", runtime.GOARCH, "--key", other, "--config", u.centre.Config)
	if err == nil || !strings.Contains(said, "signature") {
		t.Errorf("a foreign signature: %v, %s", err, said)
	}
	u.complete(t, start, nil)
}
