package upgrade

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// Options of the work.
type Options struct {
	Log      *slog.Logger
	Keeper   *Keeper
	Slot     string // that this process runs from
	Version  string // of this program
	Key      ed25519.PublicKey
	Unsigned bool          // takes releases without a signature
	Floor    string        // of edge.yml
	Window   time.Duration // of a trial
	URL      string        // of the centre
	Client   *http.Client  // counted
	Level    func() wire.BudgetLevel
	Busy     func() bool                       // a configuration is on trial: no other program now
	Well     func() (ok, bad map[string]error) // devices that answer, and that answered with an error
	Changed  func()                            // the state is worth telling
	Leave    func()                            // this process must hand over to the one that Keeper chooses
}

// Upgrader works on one upgrade at a time.
type Upgrader struct {
	o       Options
	offered chan wire.Upgrade
	greeted chan struct{}

	mu  sync.Mutex
	now wire.UpgradeState
}

// New makes an upgrader.
func New(o Options) *Upgrader {
	u := &Upgrader{o: o, offered: make(chan wire.Upgrade, 1), greeted: make(chan struct{}, 1)}
	u.show()
	return u
}

// Offer takes what the centre wants and returns at once; the newest counts.
func (u *Upgrader) Offer(w wire.Upgrade) error {
	if w.ID == "" || len(w.ID) > 64 || (!w.Back && w.Release.Version == "") {
		return errors.New("read upgrade: id or release is missing")
	}
	for {
		select {
		case u.offered <- w:
			return nil
		default:
		}
		select {
		case <-u.offered:
		default:
		}
	}
}

// Greet says that the centre has answered.
func (u *Upgrader) Greet() {
	select {
	case u.greeted <- struct{}{}:
	default:
	}
}

// State is how it stands.
func (u *Upgrader) State() *wire.UpgradeState {
	s := u.st()
	return &s
}

func (u *Upgrader) st() wire.UpgradeState {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.now
}

func (u *Upgrader) set(change func(*wire.UpgradeState)) {
	u.mu.Lock()
	was := u.now.Phase
	change(&u.now)
	changed := was != u.now.Phase
	u.mu.Unlock()
	if changed {
		u.o.Changed()
	}
}

// show takes over what the keeper knows.
func (u *Upgrader) show() {
	k := u.o.Keeper
	s := wire.UpgradeState{
		Arch: runtime.GOARCH, Slot: u.o.Slot, Package: k.own, A: k.version("a"), B: k.version("b"), Floor: k.Floor(u.o.Floor), Signed: u.o.Key != nil,
		History: slices.Clone(k.st.Outcomes),
	}
	if k.st.Before != "" && k.st.Trial == nil {
		s.Back = k.version(k.st.Before)
	}
	if len(s.History) > 0 {
		s.Last = &s.History[0]
	}
	if j := k.st.Job; j != nil {
		s.ID, s.Version, s.Size = j.Upgrade.ID, j.Upgrade.Release.Version, j.Upgrade.Packed
	}
	if t := k.st.Trial; t != nil {
		s.ID, s.Version, s.Phase = t.Upgrade.ID, k.version(t.Slot), wire.UpgradeTrial
	}
	u.mu.Lock()
	u.now = s
	u.mu.Unlock()
	u.o.Changed()
}

// Run works until the context ends.
func (u *Upgrader) Run(ctx context.Context) {
	if _, slot, _, ok := u.o.Keeper.Trial(); ok && slot == u.o.Slot && !u.trial(ctx) {
		return
	}
	if _, ok := u.o.Keeper.Job(); !ok {
		u.o.Keeper.sweep("")
	}
	for ctx.Err() == nil {
		if w, ok := u.o.Keeper.Job(); ok {
			if u.work(ctx, w) {
				return
			}
			continue
		}
		select {
		case <-ctx.Done():
		case <-u.greeted:
		case w := <-u.offered:
			if err := u.take(w); err != nil {
				u.o.Log.Error("upgrade is not kept", "error", err)
			}
		}
	}
}

// take begins an upgrade, or settles one that needs nothing.
func (u *Upgrader) take(w wire.Upgrade) error {
	k := u.o.Keeper
	if k.Known(w.ID) {
		return nil
	}
	defer u.show()
	if !w.Back {
		if err := u.check(w); err != nil {
			u.o.Log.Warn("upgrade is refused", "version", w.Release.Version, "error", err)
			return k.Refuse(w, err.Error(), time.Now())
		}
		if w.Release.Version == u.o.Version {
			return k.Refuse(w, "", time.Now())
		}
	}
	u.o.Log.Info("upgrade begins", "version", w.Release.Version, "back", w.Back)
	return k.Begin(w)
}

// work brings an upgrade as far as its trial and reports whether this process is over.
func (u *Upgrader) work(ctx context.Context, w wire.Upgrade) bool {
	u.show()
	slot, err := u.prepare(ctx, w)
	if err == nil {
		err = u.calm(ctx)
	}
	if err == nil {
		well, _ := u.o.Well()
		names := make([]string, 0, len(well))
		for name := range well {
			names = append(names, name)
		}
		slices.Sort(names)
		err = u.o.Keeper.Try(w, slot, names)
	}
	switch {
	case err == nil:
		u.o.Log.Info("upgrade is tried", "version", u.o.Keeper.version(slot), "slot", slot)
		u.o.Keeper.sweep("")
		u.show()
		u.o.Leave()
		return true
	case ctx.Err() != nil, errors.Is(err, errStale):
		return ctx.Err() != nil
	}
	u.o.Log.Warn("upgrade is refused", "version", w.Release.Version, "error", err)
	if err := u.o.Keeper.Refuse(w, err.Error(), time.Now()); err != nil {
		u.o.Log.Error("upgrade is not kept", "error", err)
		return u.pause(ctx, retryMost) != nil && ctx.Err() != nil
	}
	u.o.Keeper.sweep("")
	u.show()
	return false
}

// prepare lays the program into a slot, unless it lies there already.
func (u *Upgrader) prepare(ctx context.Context, w wire.Upgrade) (string, error) {
	k := u.o.Keeper
	if w.Back {
		return k.back(k.Floor(u.o.Floor))
	}
	// It was sound when it was taken, but what is kept is only a file, and a package may have come since.
	if err := u.check(w); err != nil {
		return "", err
	}
	if w.Release.Version == k.own {
		return Package, nil
	}
	if slot, ok := k.held(w.Release); ok {
		return slot, nil
	}
	for try := 1; ; try++ {
		packed, err := u.fetch(ctx, w)
		if err != nil {
			return "", err
		}
		u.set(func(s *wire.UpgradeState) { s.Phase, s.Got = wire.UpgradeChecking, s.Size })
		slot, err := u.install(ctx, w, packed)
		// A power cut may have left a hole in what was fetched before: it is fetched anew once.
		if try == 2 || ctx.Err() != nil || !errors.Is(err, errHash) {
			return slot, err
		}
		if err := os.Remove(packed); err != nil {
			return "", err
		}
	}
}

// calm waits until no configuration is on trial: two trials at once could not be told apart.
func (u *Upgrader) calm(ctx context.Context) error {
	for u.o.Busy() {
		u.set(func(s *wire.UpgradeState) { s.Phase = wire.UpgradeWaiting })
		if err := u.pause(ctx, time.Second); err != nil {
			return err
		}
	}
	return nil
}

// trial waits until the centre has answered and the devices are as well as before, and confirms; otherwise
// it goes back. It reports whether this process goes on.
func (u *Upgrader) trial(ctx context.Context) bool {
	_, slot, before, _ := u.o.Keeper.Trial()
	log := u.o.Log.With("version", u.o.Version, "slot", slot)
	over, second := time.NewTimer(u.o.Window), time.NewTicker(time.Second)
	defer over.Stop()
	defer second.Stop()
	greeted := false
	for {
		ended := false
		select {
		case <-ctx.Done():
			return false
		case <-u.greeted:
			greeted = true
		case <-second.C:
		case <-over.C:
			ended = true
		}
		missing, why := u.missing(before)
		switch {
		// One that has not been asked again yet, or speaks only by itself, is no reason to go back.
		case greeted && (missing == "" || (ended && why == nil)):
			if err := u.o.Keeper.Confirm(time.Now()); err != nil {
				log.Error("upgrade is not kept", "error", err)
				if !ended {
					continue
				}
				u.back(err.Error())
				return false
			}
			log.Info("upgrade is confirmed")
			u.show()
			return true
		case ended && !greeted:
			u.back(fmt.Sprintf("no link to the centre within %s", u.o.Window))
			return false
		case ended:
			u.back(fmt.Sprintf("device %s answered before and does not now: %v", missing, why))
			return false
		}
	}
}

// missing names a device that answered before and does not now, one with an error first.
func (u *Upgrader) missing(before []string) (name string, why error) {
	ok, bad := u.o.Well()
	for _, id := range before {
		if _, fine := ok[id]; fine {
			continue
		}
		name = id
		if why = bad[id]; why != nil {
			return id, why
		}
	}
	return name, nil
}

func (u *Upgrader) back(why string) {
	u.o.Log.Error("upgrade goes back", "why", why)
	if err := u.o.Keeper.RollBack(why, time.Now()); err != nil {
		u.o.Log.Error("upgrade is not kept", "error", err)
	}
	u.o.Leave()
}

// isDisk reports whether the disk is the trouble, which fetching again does not mend.
func isDisk(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, os.ErrPermission)
}
