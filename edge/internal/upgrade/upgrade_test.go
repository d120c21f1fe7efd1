package upgrade

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/fengsui/fengsui/shared/version"
	"github.com/fengsui/fengsui/shared/wire"
)

// program is a script that says which version it is, padded so that it takes several blocks.
func program(v, floor string, pad int) []byte {
	noise := make([]byte, pad)
	_, _ = rand.Read(noise)
	return fmt.Appendf(nil, "#!/bin/sh\necho fengsui-edge %s x floor %s any\nexit 0\n%s", v, floor, hex.EncodeToString(noise))
}

// bench is a centre that gives one file and a terminal that takes it.
type bench struct {
	t      *testing.T
	dir    string
	key    ed25519.PrivateKey
	file   []byte // packed
	served atomic.Int64
	level  atomic.Value
	answer func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
	url    string

	mu   sync.Mutex
	well map[string]error
	bad  map[string]error
	left chan struct{}
}

func newBench(t *testing.T) *bench {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, dir: t.TempDir(), key: key, well: map[string]error{}, bad: map[string]error{}, left: make(chan struct{}, 1)}
	b.level.Store(wire.BudgetNormal)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b.answer != nil && b.answer(w, r) {
			return
		}
		var from, to int
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); err != nil || r.Header.Get("Authorization") != "Bearer ticket" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(b.file)))
		w.WriteHeader(http.StatusPartialContent)
		n, _ := w.Write(b.file[from : to+1])
		b.served.Add(int64(n))
	}))
	t.Cleanup(s.Close)
	b.url = s.URL
	return b
}

// offer packs and signs a program.
func (b *bench) offer(id, v string, text []byte) wire.Upgrade {
	b.t.Helper()
	sum := sha256.Sum256(text)
	r := wire.Release{Version: v, Arch: runtime.GOARCH, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}
	r.Signature = r.Sign(b.key)
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out, zstd.WithWindowSize(1<<20))
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := z.Write(text); err != nil || z.Close() != nil {
		b.t.Fatal(err)
	}
	b.file = out.Bytes()
	return wire.Upgrade{ID: id, Release: r, Packed: int64(out.Len()), URL: "/program/" + id, Token: "ticket"}
}

func (b *bench) keeper(own string) *Keeper {
	b.t.Helper()
	k, err := Open(b.dir, own)
	if err != nil {
		b.t.Fatal(err)
	}
	return k
}

// run starts a terminal from a slot; it ends with the test or when stop is called.
func (b *bench) run(slot, own, v string, change func(*Options)) (u *Upgrader, stop func()) {
	b.t.Helper()
	public, _ := b.key.Public().(ed25519.PublicKey)
	o := Options{
		Log: slog.New(slog.DiscardHandler), Keeper: b.keeper(own), Slot: slot, Version: v, Key: public, Window: 3 * time.Second, URL: b.url, Client: http.DefaultClient,
		Level: func() wire.BudgetLevel { l, _ := b.level.Load().(wire.BudgetLevel); return l },
		Busy:  func() bool { return false },
		Well: func() (ok, bad map[string]error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			return maps.Clone(b.well), maps.Clone(b.bad)
		},
		Changed: func() {}, Leave: func() { b.left <- struct{}{} },
	}
	if change != nil {
		change(&o)
	}
	u = New(o)
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); u.Run(ctx) }()
	stop = func() { cancel(); <-done }
	b.t.Cleanup(stop)
	return u, stop
}

func (b *bench) wait(what string, ok func() bool) {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("not in time: %s", what)
		}
	}
}

func (b *bench) refused(u *Upgrader, w wire.Upgrade, why string) {
	b.t.Helper()
	if err := u.Offer(w); err != nil {
		b.t.Fatal(err)
	}
	b.wait(w.ID+" is settled", func() bool { l := u.State().Last; return l != nil && l.ID == w.ID })
	if l := u.State().Last; l.OK || !strings.Contains(l.Error, why) {
		b.t.Errorf("%s: %+v, want %q", w.ID, l, why)
	}
}

// begin has a program fetched and put on trial.
func (b *bench) begin(v string) {
	b.t.Helper()
	u, stop := b.run(Package, "0.1.0", "0.1.0", nil)
	if err := u.Offer(b.offer("u"+v, v, program(v, "0.1.0-0", 100))); err != nil {
		b.t.Fatal(err)
	}
	<-b.left
	stop()
}

func TestWhatMayNotRunIsRefusedBeforeAByteIsFetched(t *testing.T) {
	b := newBench(t)
	u, _ := b.run(Package, "0.2.0", "0.2.0", func(o *Options) { o.Floor = "0.3.0" })
	good := b.offer("x", "0.4.0", program("0.4.0", "0.1.0-0", 10))
	change := func(id, why string, do func(*wire.Upgrade)) {
		w := good
		w.ID = id
		do(&w)
		b.refused(u, w, why)
	}
	sign := func(w *wire.Upgrade) { w.Release.Signature = w.Release.Sign(b.key) }
	change("other-arch", "the program is for mips", func(w *wire.Upgrade) { w.Release.Arch = "mips"; sign(w) })
	change("no-signature", "signature", func(w *wire.Upgrade) { w.Release.Signature = "" })
	change("foreign", "signature", func(w *wire.Upgrade) { w.Release.Version = "0.4.1" })
	change("below-floor", "below the oldest version", func(w *wire.Upgrade) { w.Release.Version = "0.2.5"; sign(w) })
	change("huge", "at most", func(w *wire.Upgrade) { w.Release.Size = wire.MaxRelease + 1; sign(w) })
	change("no-version", "is no version", func(w *wire.Upgrade) { w.Release.Version = "../../etc"; sign(w) })
	if n := b.served.Load(); n != 0 {
		t.Errorf("%d bytes were fetched", n)
	}
	if err := u.Offer(wire.Upgrade{}); err == nil {
		t.Error("an empty upgrade was taken")
	}
	none, _ := newBench(t).run(Package, "0.1.0", "0.1.0", func(o *Options) { o.Key = nil })
	b.refused(none, good, "has no key")
}

func TestProgramsThatDoNotFitAreRefusedAfterTheFetch(t *testing.T) {
	b := newBench(t)
	u, _ := b.run(Package, "0.1.0", "0.1.0", nil)
	b.refused(u, b.offer("liar", "0.2.0", program("0.9.0", "0.1.0-0", 10)), "says that it is 0.9.0")
	b.refused(u, b.offer("silent", "0.2.1", []byte("#!/bin/sh\necho hello\n")), "does not say its version")
	b.refused(u, b.offer("text", "0.2.2", []byte("no program at all")), "does not run here")
	b.refused(u, b.offer("far", "0.2.3", program("0.2.3", "0.2.0", 10)), "can only follow 0.2.0")
	w := b.offer("torn", "0.2.4", program("0.2.4", "0.1.0-0", 10))
	w.Release.SHA256 = strings.Repeat("0", 64)
	w.Release.Signature = w.Release.Sign(b.key)
	before := b.served.Load()
	b.refused(u, w, "is not the program that was signed")
	if got := b.served.Load() - before; got != 2*w.Packed {
		t.Errorf("%d bytes were fetched, want the file twice, %d", got, 2*w.Packed)
	}
	b.answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusUnauthorized); return true }
	b.refused(u, b.offer("gone", "0.2.5", program("0.2.5", "0.1.0-0", 10)), "does not give this program any more")
	left, err := filepath.Glob(filepath.Join(Dir(b.dir), "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFetchGoesOnWhereItWasAndWaitsWhileDataIsSpared(t *testing.T) {
	b := newBench(t)
	w := b.offer("u", "0.2.0", program("0.2.0", "0.1.0-0", 600_000))
	broken := atomic.Int64{}
	b.answer = func(rw http.ResponseWriter, r *http.Request) bool {
		if broken.Add(1) != 3 {
			return false
		}
		// The link breaks within a block.
		from, _ := strconv.Atoi(strings.Split(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")[0])
		rw.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, min(from+wire.MaxUpgradePart, len(b.file))-1, len(b.file)))
		rw.Header().Set("Content-Length", strconv.Itoa(min(wire.MaxUpgradePart, len(b.file)-from)))
		rw.WriteHeader(http.StatusPartialContent)
		n, _ := rw.Write(b.file[from : from+1000])
		b.served.Add(int64(n))
		b.level.Store(wire.BudgetEco)
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	}
	u, stop := b.run(Package, "0.1.0", "0.1.0", nil)
	if err := u.Offer(w); err != nil {
		t.Fatal(err)
	}
	b.wait("data is spared", func() bool { return u.State().Phase == wire.UpgradePaused })
	if s := u.State(); s.Got != 2*wire.MaxUpgradePart+1000 || s.Size != w.Packed {
		t.Errorf("got %d of %d", s.Got, s.Size)
	}
	stop() // the agent dies here; what came stays
	b.level.Store(wire.BudgetNormal)
	b.run(Package, "0.1.0", "0.1.0", nil)
	<-b.left
	if n := b.served.Load(); n != w.Packed {
		t.Errorf("%d bytes were fetched for %d", n, w.Packed)
	}
	if _, slot, _, ok := b.keeper("0.1.0").Trial(); !ok || slot != "a" {
		t.Errorf("on trial: %s, %v", slot, ok)
	}
}

// TestEmptyAnswerIsNotAskedAgainAtOnce: a proxy that passes on heads without a body made thousands of requests.
func TestEmptyAnswerIsNotAskedAgainAtOnce(t *testing.T) {
	b := newBench(t)
	w := b.offer("u", "0.2.0", program("0.2.0", "0.1.0-0", 100_000))
	b.answer = func(rw http.ResponseWriter, r *http.Request) bool {
		span := strings.TrimPrefix(r.Header.Get("Range"), "bytes=")
		rw.Header().Set("Content-Range", fmt.Sprintf("bytes %s/%d", span, len(b.file)))
		rw.WriteHeader(http.StatusPartialContent)
		return true
	}
	u, _ := b.run(Package, "0.1.0", "0.1.0", nil)
	if err := u.Offer(w); err != nil {
		t.Fatal(err)
	}
	b.wait("the terminal waits", func() bool {
		s := u.State()
		return s.Phase == wire.UpgradeWaiting && strings.Contains(s.Error, "gives 0 bytes")
	})
}

func TestTrialIsConfirmedWhenCentreAndDevicesAnswer(t *testing.T) {
	b := newBench(t)
	b.well["gauge"] = nil
	b.begin("0.2.0")
	b.mu.Lock()
	b.well = map[string]error{}
	b.mu.Unlock()
	u, stop := b.run("a", "0.1.0", "0.2.0", func(o *Options) { o.Window = time.Minute })
	u.Greet()
	b.mu.Lock()
	b.well["gauge"] = nil
	b.mu.Unlock()
	b.wait("it is confirmed", func() bool { l := u.State().Last; return l != nil && l.OK })
	if s := u.State(); s.Phase != "" || s.Back != "0.1.0" || s.A != "0.2.0" || s.Last.Spent == 0 || s.Last.From != "0.1.0" {
		t.Errorf("%+v", s)
	}
	b.refused(u, b.offer("old", "0.1.0-rc.1", program("0.1.0-rc.1", "0.1.0-0", 1)), "the installed package 0.1.0 is newer")
	// The way back, and from there forth to the package's own without a byte.
	before := b.served.Load()
	if err := u.Offer(wire.Upgrade{ID: "back", Back: true}); err != nil {
		t.Fatal(err)
	}
	<-b.left
	stop()
	if file, err := b.keeper("0.1.0").Choose(time.Now()); file != "" || err != nil {
		t.Errorf("chosen %q, %v", file, err)
	}
	u, _ = b.run(Package, "0.1.0", "0.1.0", nil)
	u.Greet()
	b.wait("the way back is confirmed", func() bool { l := u.State().Last; return l.ID == "back" && l.OK })
	if got := b.served.Load(); got != before {
		t.Errorf("%d bytes were fetched", got-before)
	}
}

func TestTrialGoesBack(t *testing.T) {
	for _, c := range []struct {
		name  string
		greet bool
		bad   error
		why   string
	}{
		{"without the centre", false, nil, "no link to the centre within"},
		{"with a device that does not answer any more", true, errors.New("timeout"), "device gauge answered before and does not now: timeout"},
		{"but not for a device that speaks by itself", true, nil, ""},
	} {
		b := newBench(t)
		b.well["gauge"] = nil
		b.begin("0.2.0")
		b.mu.Lock()
		b.well = map[string]error{}
		if c.bad != nil {
			b.bad["gauge"] = c.bad
		}
		b.mu.Unlock()
		u, stop := b.run("a", "0.1.0", "0.2.0", func(o *Options) { o.Window = 50 * time.Millisecond })
		if c.greet {
			u.Greet()
		}
		if c.why != "" {
			<-b.left
			stop()
			u, _ = b.run(Package, "0.1.0", "0.1.0", nil)
		}
		b.wait("it is settled: "+c.name, func() bool { return u.State().Last != nil })
		if l := u.State().Last; l.OK != (c.why == "") || !strings.Contains(l.Error, c.why) {
			t.Errorf("%s: %+v", c.name, l)
		}
	}
}

func TestChooseCountsTheStartsOfATrialAndTrustsNoFile(t *testing.T) {
	b := newBench(t)
	b.begin("0.2.0")
	slot := filepath.Join(Dir(b.dir), "a")
	for range maxStarts {
		if file, err := b.keeper("0.1.0").Choose(time.Now()); file != slot || err != nil {
			t.Fatalf("chosen %q, %v", file, err)
		}
	}
	if file, err := b.keeper("0.1.0").Choose(time.Now()); file != "" || err != nil {
		t.Errorf("after too many starts %q, %v", file, err)
	}
	if o := b.keeper("0.1.0").st.Outcomes[0]; o.OK || !strings.Contains(o.Error, "did not stay up; 0.1.0 runs again") {
		t.Errorf("outcome %+v", o)
	}

	b.begin("0.3.0")
	k := b.keeper("0.1.0")
	if err := k.Confirm(time.Now()); err != nil {
		t.Fatal(err)
	}
	if file, err := b.keeper("0.1.0").Choose(time.Now()); file != slot || err != nil {
		t.Errorf("chosen %q, %v", file, err)
	}
	// A newer package wins, and so does one of the same version.
	for _, own := range []string{"0.3.0", "0.4.0"} {
		k := b.keeper(own)
		if file, err := k.Choose(time.Now()); file != "" || err != nil || k.st.Good != Package {
			t.Errorf("with package %s: %q, %v", own, file, err)
		}
	}
	b.begin("0.5.0")
	k = b.keeper("0.6.0")
	if file, err := k.Choose(time.Now()); file != "" || err != nil || !strings.Contains(k.st.Outcomes[0].Error, "package 0.6.0 is not older") {
		t.Errorf("with a newer package during the trial: %q, %v, %+v", file, err, k.st.Outcomes)
	}
	// What somebody has changed does not run.
	b.begin("0.7.0")
	k = b.keeper("0.1.0")
	if err := errors.Join(k.Confirm(time.Now()), os.WriteFile(slot, []byte("#!/bin/sh\n"), 0o700)); err != nil {
		t.Fatal(err)
	}
	if file, err := b.keeper("0.1.0").Choose(time.Now()); file != "" || err == nil {
		t.Errorf("chosen %q, %v", file, err)
	}
	if err := os.WriteFile(filepath.Join(Dir(b.dir), "slots.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if k, err := Open(b.dir, "0.1.0"); err == nil || k.st.Good != Package {
		t.Errorf("a torn memory: %+v, %v", k.st, err)
	}
	if _, err := Open(b.dir, "0.1.0"); err != nil {
		t.Errorf("it was not set aside: %v", err)
	}
}

func TestProgramOnTrialMayBeKilledAndStillBeConfirmed(t *testing.T) {
	b := newBench(t)
	b.begin("0.2.0")
	if _, err := b.keeper("0.1.0").Choose(time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.keeper("0.1.0").Choose(time.Now()); err != nil { // killed once
		t.Fatal(err)
	}
	u, _ := b.run("a", "0.1.0", "0.2.0", nil)
	u.Greet()
	b.wait("it is confirmed", func() bool { l := u.State().Last; return l != nil && l.OK })
}

func TestDiskWithoutRoomRefuses(t *testing.T) {
	if err := room(t.TempDir(), 1<<60); err == nil || !strings.Contains(err.Error(), "disk is too full") {
		t.Errorf("got %v", err)
	}
	if err := room(t.TempDir(), 1); err != nil {
		t.Errorf("got %v", err)
	}
}

func FuzzWhatAProgramSaysOfItself(f *testing.F) {
	f.Add("fengsui-edge 0.2.0 abc floor 0.1.0 linux/arm\n")
	f.Add("fengsui-edge 0.2.0 abc floor x")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		floor, err := told(text, "0.2.0")
		if err == nil && !version.Valid(floor) {
			t.Errorf("%q: floor %q", text, floor)
		}
	})
}
