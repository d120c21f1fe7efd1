package release_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/release"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/wire"
)

func system() context.Context { return actor.WithSystem(context.Background(), "test") }

func technician(division string) context.Context {
	return actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: "u", Name: "王", DivisionCode: division, Permissions: []actor.Permission{actor.DeviceRead, actor.DeviceWrite}})
}

// field is one terminal that takes what it is sent.
type field struct {
	t       *testing.T
	devices *device.Service
	svc     *release.Service
	dir     string

	mu   sync.Mutex
	sent []wire.Upgrade
	said wire.UpgradeState
	old  bool // answers that it does not know the command
}

func (f *field) Command(_ context.Context, edge string, c wire.Command) error {
	var w wire.Upgrade
	if err := json.Unmarshal(c.Body, &w); err != nil {
		f.t.Error(err)
	}
	f.mu.Lock()
	f.sent = append(f.sent, w)
	f.said.ID = w.ID
	old := f.old
	f.mu.Unlock()
	go func() {
		if old {
			f.devices.Result(system(), edge, wire.CommandResult{Command: c.ID, Error: "this terminal does not know the command"})
			return
		}
		f.say()
	}()
	return nil
}

// isSent waits until the terminal was told of an upgrade.
func (f *field) isSent(id string) {
	f.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		f.mu.Lock()
		told := slices.ContainsFunc(f.sent, func(w wire.Upgrade) bool { return w.ID == id })
		f.mu.Unlock()
		if told {
			return
		}
		if time.Now().After(end) {
			f.t.Fatalf("the terminal was not told of upgrade %s", id)
		}
	}
}

func (f *field) say() {
	f.mu.Lock()
	said := f.said
	f.mu.Unlock()
	if err := f.devices.Status(system(), "edge-a", wire.Status{State: "online", Time: time.Now().UnixMilli(), Upgrade: &said}); err != nil {
		f.t.Error(err)
	}
}

func (f *field) outcome(o wire.UpgradeOutcome) {
	f.mu.Lock()
	f.said.ID, f.said.Last = "", &o
	f.mu.Unlock()
	f.say()
}

// newField has a centre that takes programs of a key, or without one whatever comes.
func newField(t *testing.T, db *store.DB, key ed25519.PublicKey) *field {
	t.Helper()
	f := &field{t: t, dir: t.TempDir(), said: wire.UpgradeState{Arch: "arm", Package: "0.1.0", Slot: "package"}}
	bus := event.NewBus(nil)
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	f.devices = &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, Log: slog.New(slog.DiscardHandler), CA: ca}
	f.svc = release.New(release.Options{Store: store.NewReleases(db), Tx: db, Devices: f.devices, Sender: f, Events: bus, Log: slog.New(slog.DiscardHandler), Dir: f.dir, Key: key, Unsigned: key == nil, Top: "320600"})
	bus.Handle(f.svc.OnEvent)
	if _, err := f.devices.Create(system(), device.New{ID: "edge-a", Kind: device.Edge, Division: "320623"}); err != nil {
		t.Fatal(err)
	}
	if err := f.svc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.svc.Stop(context.Background()) })
	return f
}

func draft(version string, text []byte) release.Draft {
	sum := sha256.Sum256(text)
	return release.Draft{Release: wire.Release{Version: version, Arch: "arm", Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}, Note: "新"}
}

func (f *field) upload(d release.Draft, text []byte) {
	f.t.Helper()
	r, next, err := f.svc.Announce(system(), d)
	for err == nil && next < d.Size {
		r, next, err = f.svc.Piece(system(), r.ID, next, text[next:min(next+1000, d.Size)])
	}
	if err != nil || r.Packed == 0 {
		f.t.Fatalf("%+v, %v", r, err)
	}
}

func (f *field) becomes(id string, want release.State) release.Upgrade {
	f.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		list, err := f.svc.Upgrades(system(), "edge-a")
		if err != nil {
			f.t.Fatal(err)
		}
		for _, u := range list {
			if u.ID == id && u.State == want {
				return u
			}
		}
		if time.Now().After(end) {
			f.t.Fatalf("upgrade %s is not %s: %+v", id, want, list)
		}
	}
}

func TestUploadGoesOnWhereItBrokeOffAndIsComparedWithItsHash(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := newField(t, storetest.SQLite(t), public)
	text := bytes.Repeat([]byte("program "), 500)
	d := draft("0.2.0", text)
	if _, _, err := f.svc.Announce(system(), d); errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), "signature") {
		t.Errorf("without a signature: %v", err)
	}
	d.Signature = d.Sign(private)
	if _, _, err := f.svc.Announce(technician("320600"), d); errs.KindOf(err) != errs.Denied {
		t.Errorf("without the right: %v", err)
	}
	r, next, err := f.svc.Announce(system(), d)
	if err != nil || next != 0 || r.ID != "0.2.0_arm" {
		t.Fatal(r, next, err)
	}
	if _, next, err = f.svc.Piece(system(), r.ID, 0, text[:1500]); err != nil || next != 1500 {
		t.Fatal(next, err)
	}
	if _, next, err = f.svc.Announce(system(), d); err != nil || next != 1500 {
		t.Errorf("after a break: %d, %v", next, err)
	}
	if _, _, err := f.svc.Piece(system(), r.ID, 1000, text[1000:]); errs.KindOf(err) != errs.Conflict {
		t.Errorf("a piece in the wrong place: %v", err)
	}
	if _, _, err := f.svc.Piece(system(), r.ID, 1500, make([]byte, 2500)); errs.KindOf(err) != errs.Invalid {
		t.Errorf("another file: %v", err)
	}
	f.upload(d, text)
	if _, _, err := f.svc.Announce(system(), d); errs.KindOf(err) != errs.Conflict {
		t.Errorf("announced again: %v", err)
	}
	// A restore from a backup has no files.
	if err := os.Remove(filepath.Join(f.dir, d.SHA256+".zst")); err != nil {
		t.Fatal(err)
	}
	if list, err := f.svc.List(system()); err != nil || len(list) != 1 || !list[0].Missing {
		t.Errorf("%+v, %v", list, err)
	}
	f.upload(d, text)
	if list, err := f.svc.List(system()); err != nil || list[0].Missing {
		t.Errorf("%+v, %v", list, err)
	}
	for field, bad := range map[string]wire.Release{
		"version": {Version: "../x", Arch: "arm", Size: 1, SHA256: d.SHA256}, "arch": {Version: "1.0.0", Arch: "../", Size: 1, SHA256: d.SHA256},
		"size": {Version: "1.0.0", Arch: "arm", Size: wire.MaxRelease + 1, SHA256: d.SHA256}, "sha256": {Version: "1.0.0", Arch: "arm", Size: 1, SHA256: "../../etc/passwd"},
	} {
		if _, _, err := f.svc.Announce(system(), release.Draft{Release: bad}); errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestTerminalFetchesWhatItIsToRunAndNothingElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newField(t, db, nil)
		text := bytes.Repeat([]byte("another program "), 40_000)
		d := draft("0.2.0", text)
		f.upload(d, text)
		ctx := technician("320600")
		if _, err := f.svc.Want(ctx, "edge-a", "0.2.0", ""); errs.KindOf(err) != errs.Conflict {
			t.Errorf("before the terminal has said anything: %v", err)
		}
		f.devices.Presence(system(), "edge-a", true)
		f.say()
		if _, err := f.svc.Want(technician("320682"), "edge-a", "0.2.0", ""); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a neighbour: %v", err)
		}
		if _, err := f.svc.Want(ctx, "edge-a", "0.9.0", ""); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a version that is not held: %v", err)
		}
		if _, err := f.svc.GiveBack(ctx, "edge-a", ""); errs.KindOf(err) != errs.Conflict {
			t.Errorf("back to nothing: %v", err)
		}
		u, err := f.svc.Want(ctx, "edge-a", "0.2.0", " 升级 ")
		if err != nil || u.Note != "升级" || u.AuthorName != "王" {
			t.Fatalf("%+v, %v", u, err)
		}
		var w wire.Upgrade
		for w.ID != u.ID {
			f.mu.Lock()
			if n := len(f.sent); n > 0 {
				w = f.sent[n-1]
			}
			f.mu.Unlock()
			time.Sleep(time.Millisecond)
		}
		var packed []byte
		for int64(len(packed)) < w.Packed {
			got, err := f.svc.Fetch(context.Background(), u.ID, w.Token, int64(len(packed)), w.Packed)
			if err != nil || got.Size != w.Packed || got.From != int64(len(packed)) {
				t.Fatalf("%+v, %v", got.Size, err)
			}
			packed = append(packed, got.Text...)
		}
		z, err := zstd.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		var out bytes.Buffer
		if _, err := out.ReadFrom(z); err != nil || !bytes.Equal(out.Bytes(), text) {
			t.Errorf("%d bytes, %v", out.Len(), err)
		}
		for _, bad := range [][2]string{{u.ID, "x"}, {u.ID, ""}, {"none", ""}, {"none", w.Token}} {
			if _, err := f.svc.Fetch(context.Background(), bad[0], bad[1], 0, 10); errs.KindOf(err) != errs.Unauthenticated {
				t.Errorf("%v: %v", bad, err)
			}
		}
		if _, err := f.svc.Fetch(context.Background(), u.ID, w.Token, w.Packed, w.Packed+1); errs.KindOf(err) != errs.Invalid {
			t.Errorf("beyond the end: %v", err)
		}
		if err := f.svc.Remove(system(), "0.2.0_arm"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("removed while a terminal waits: %v", err)
		}
		f.outcome(wire.UpgradeOutcome{ID: u.ID, Version: "0.2.0", OK: true, Spent: 77})
		if got := f.becomes(u.ID, release.Done); got.Spent != 77 {
			t.Errorf("%+v", got)
		}
		if _, err := f.svc.Fetch(context.Background(), u.ID, w.Token, 0, 10); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("after the end: %v", err)
		}
		// A newer wish withdraws the older one; a terminal that is too old says so.
		first, err := f.svc.Want(ctx, "edge-a", "0.2.0", "")
		if err != nil {
			t.Fatal(err)
		}
		f.isSent(first.ID)
		f.mu.Lock()
		f.old = true
		f.mu.Unlock()
		second, err := f.svc.Want(ctx, "edge-a", "0.2.0", "")
		if err != nil {
			t.Fatal(err)
		}
		f.becomes(first.ID, release.Withdrawn)
		if got := f.becomes(second.ID, release.Failed); !strings.Contains(got.Error, "does not know the command") {
			t.Errorf("%+v", got)
		}
		if _, err := f.svc.Withdraw(ctx, "edge-a", second.ID); errs.KindOf(err) != errs.Conflict {
			t.Errorf("withdrawn after its end: %v", err)
		}
		if err := f.svc.Remove(system(), "0.2.0_arm"); err != nil {
			t.Errorf("remove: %v", err)
		}
	})
}

func TestProgramsAreOfWhoAnswersForTheWholeCentre(t *testing.T) {
	f := newField(t, storetest.SQLite(t), nil)
	keeper := func(division string) context.Context {
		return actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: "u", Name: "王", DivisionCode: division, Permissions: []actor.Permission{actor.ReleaseWrite, actor.DeviceRead}})
	}
	text := bytes.Repeat([]byte("program"), 100)
	f.upload(draft("0.2.0", text), text)
	f.upload(draft("0.3.0", text), text)
	county := keeper("320681")
	_, _, announced := f.svc.Announce(county, draft("0.4.0", text))
	_, _, piece := f.svc.Piece(county, "0.2.0_arm", 0, text)
	for what, err := range map[string]error{"announce": announced, "piece": piece, "remove": f.svc.Remove(county, "0.2.0_arm")} {
		if errs.KindOf(err) != errs.Denied {
			t.Errorf("a county may %s: %v", what, err)
		}
	}
	// The file is that of both.
	if err := f.svc.Remove(keeper("320600"), "0.2.0_arm"); err != nil {
		t.Fatal(err)
	}
	if list, err := f.svc.List(system()); err != nil || len(list) != 1 || list[0].Missing {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestWithoutItsKeyACentreNeitherTakesNorGivesOutPrograms(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := newField(t, storetest.SQLite(t), public)
	text := bytes.Repeat([]byte("program"), 100)
	d := draft("0.2.0", text)
	d.Signature = d.Sign(private)
	f.upload(d, text)
	f.devices.Presence(system(), "edge-a", true)
	f.say()
	// What was taken under a key stays on the shelf when the key is gone or another.
	other, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key      ed25519.PublicKey
		unsigned bool
		trust    release.Trust
		takes    bool
	}{{nil, false, release.Nothing, false}, {other, false, release.Signed, false}, {nil, true, release.Unsigned, true}, {public, false, release.Signed, true}} {
		o := f.svc.Options
		o.Key, o.Unsigned = c.key, c.unsigned
		svc := release.New(o)
		if got, err := svc.Trust(technician("320600")); err != nil || got != c.trust {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
		list, err := svc.List(system())
		if err != nil || list[len(list)-1].Untrusted == c.takes {
			t.Errorf("%+v: %+v, %v", c, list, err)
		}
		if ok, err := svc.Offered(system(), "0.2.0"); err != nil || ok != c.takes {
			t.Errorf("%+v: offered %t, %v", c, ok, err)
		}
		more := draft("0.3.0", text)
		more.Signature = more.Sign(private)
		if _, _, err := svc.Announce(system(), more); (err == nil) != c.takes {
			t.Errorf("%+v: announce %v", c, err)
		}
		if _, err := svc.Want(technician("320600"), "edge-a", "0.2.0", ""); (err == nil) != c.takes {
			t.Errorf("%+v: want %v", c, err)
		}
	}
}
