// Package ring records cameras at the terminal, always, into files of about a minute of which the oldest go when
// the ring is full, and sends the centre what that could not record itself. Rules that must never break: the ring
// never takes more than its quota; what it sends gives way to live traffic and stops when data is spared.
package ring

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/shared/film"
	"github.com/fengsui/fengsui/shared/wire"
)

// Options of a ring.
type Options struct {
	Log     *slog.Logger
	Dir     string
	Quota   int64         // bytes of all cameras together
	Keep    time.Duration // older goes
	Cameras []Camera
	Spare   func() int64          // bytes that stay free on the disk for what matters more
	Free    func() (int64, error) // bytes that are free on it
	Now     func() time.Time      // the clock of the terminal as it is corrected

	URL     string // of the centre
	Client  *http.Client
	Rate    func() int64 // bytes a second that may be sent now
	Level   func() wire.BudgetLevel
	Changed func()
}

// Camera is one that is recorded. Who watches it reads the same picture.
type Camera struct {
	ID      string
	Picture *camera.Camera
	Hears   bool  // its own sound is kept
	Sound   Sound // is kept in its place; nil: none
}

// Ring is the recordings of a terminal.
type Ring struct {
	o Options

	mu      sync.Mutex
	reels   map[string]*reel
	queue   []wire.RingFetch
	offered chan struct{}
}

// piece is one file.
type piece struct {
	start    time.Time
	duration time.Duration
	bytes    int64 // with its sound
	path     string
	sound    string // file of its sound; empty: there is none
}

func (p piece) end() time.Time { return p.start.Add(p.duration) }

// reel is one camera. It is a film.Sink and a film.SoundSink.
type reel struct {
	ring   *Ring
	of     Camera
	id     string
	shelf  *shelf
	writer *film.Writer // of run alone

	// Guarded by ring.mu.
	pieces []piece // closed, by time
	open   *piece
	err    error
}

// New makes a ring. Nothing is recorded before Run.
func New(o Options) *Ring {
	r := &Ring{o: o, reels: map[string]*reel{}, offered: make(chan struct{}, 1)}
	r.o.Log = o.Log.With("component", "ring")
	left, _ := filepath.Glob(filepath.Join(o.Dir, "cut-*")) // what a kill left of a transfer
	for _, path := range left {
		_ = os.Remove(path)
	}
	for _, c := range o.Cameras {
		one := &reel{ring: r, id: c.ID, of: c, shelf: newShelf(o.Now)}
		one.writer = film.NewWriter(one)
		one.err = one.load() // a disk that refuses it keeps nothing else of the terminal from working
		r.reels[c.ID] = one
	}
	return r
}

// sealed is the name of a file that is closed: its beginning and its length in milliseconds.
var (
	sealed   = regexp.MustCompile(`^(\d{1,14})-(\d{1,9})\.mp4$`)
	unsealed = regexp.MustCompile(`^(\d{1,14})\.mp4$`)
)

func (r *reel) dir() string { return filepath.Join(r.ring.o.Dir, r.id) }

func (r *reel) seal(start time.Time, d time.Duration) string {
	return filepath.Join(r.dir(), fmt.Sprintf("%d-%d.mp4", start.UnixMilli(), d.Milliseconds()))
}

// load finds what the last run left. A file that a kill left open is closed at its last whole part.
func (r *reel) load() error {
	if err := os.MkdirAll(r.dir(), 0o750); err != nil {
		return fmt.Errorf("open ring: %w", err)
	}
	list, err := os.ReadDir(r.dir())
	if err != nil {
		return fmt.Errorf("open ring: %w", err)
	}
	sounds := map[string]bool{}
	for _, e := range list {
		path := filepath.Join(r.dir(), e.Name())
		if heard.MatchString(e.Name()) {
			sounds[path] = true
			continue
		}
		p, ok := piece{path: path}, false
		if m := sealed.FindStringSubmatch(e.Name()); m != nil {
			start, _ := strconv.ParseInt(m[1], 10, 64)  // fourteen digits fit
			length, _ := strconv.ParseInt(m[2], 10, 64) // nine as well
			p.start, p.duration = time.UnixMilli(start).UTC(), time.Duration(length)*time.Millisecond
			if info, err := e.Info(); err == nil {
				p.bytes, ok = info.Size(), true
			}
		} else if m := unsealed.FindStringSubmatch(e.Name()); m != nil {
			start, _ := strconv.ParseInt(m[1], 10, 64) // fourteen digits fit
			p.start = time.UnixMilli(start).UTC()
			ok = r.mend(&p)
		}
		if !ok {
			_ = os.Remove(path) // whatever it is, it is of no use
			continue
		}
		r.pieces = append(r.pieces, p)
	}
	for i := range r.pieces {
		p := &r.pieces[i]
		path := r.soundPath(p.start)
		if info, err := os.Stat(path); sounds[path] && err == nil {
			p.sound, p.bytes = path, p.bytes+info.Size() // a torn end is left out when it is sent
			delete(sounds, path)
		}
	}
	for path := range sounds {
		_ = os.Remove(path) // its pictures have gone
	}
	slices.SortFunc(r.pieces, func(a, b piece) int { return a.start.Compare(b.start) })
	return nil
}

func (r *reel) mend(p *piece) bool {
	in, err := os.Open(p.path)
	if err != nil {
		return false
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return false
	}
	f, err := film.Read(in, info.Size())
	if err != nil || len(f.Parts) == 0 {
		return false
	}
	p.duration, p.bytes = f.Duration, f.Size
	path := r.seal(p.start, p.duration)
	if errors.Join(os.Truncate(p.path, f.Size), os.Rename(p.path, path)) != nil {
		return false
	}
	p.path = path
	return true
}

// Run records and sends until ctx ends.
func (r *Ring) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, one := range r.reels {
		wg.Go(func() { one.run(ctx) })
	}
	wg.Go(func() { r.keep(ctx) })
	if len(r.reels) > 0 {
		wg.Go(func() { r.send(ctx) })
	}
	wg.Wait()
}

func (r *reel) run(ctx context.Context) {
	ear := newEar(r.ring.o.Now)
	var wg sync.WaitGroup
	defer wg.Wait()
	own := r.of.Hears && r.of.Sound == nil
	switch {
	case own:
		defer r.of.Picture.Hear(ear.hear)()
	case r.of.Sound != nil:
		wg.Go(func() { r.of.Sound.Run(ctx, ear.hear) })
	}
	r.of.Picture.Watch(r.note)
	defer r.of.Picture.Read(nil, func(f camera.Frame) { //nolint:contextcheck // open as long as somebody reads it
		if f.First && own {
			ear.connection.Add(1) // another clock
		}
		r.shelf.put(f)
	})()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case f := <-r.shelf.frames:
			r.shelf.taken(f)
			ear.into(r.writer)
			r.note(r.writer.Write(f))
		case <-tick.C:
			ear.into(r.writer)
			r.note(r.writer.Tick(r.ring.o.Now()))
		case <-ctx.Done():
			ear.into(r.writer)
			r.note(r.writer.Close())
			return
		}
	}
}

// note remembers why nothing is recorded; nil is only of a call that went well, and takes nothing back but the
// camera's own word.
func (r *reel) note(err error) {
	if err == nil {
		return
	}
	r.ring.mu.Lock()
	fresh := r.err == nil || errors.Is(r.err, ErrFull) != errors.Is(err, ErrFull)
	r.err = err
	r.ring.mu.Unlock()
	if fresh {
		r.ring.o.Log.Warn("camera is not recorded", "camera", r.id, "error", err)
		r.ring.o.Changed()
	}
}

// Open implements film.Sink. Room is made before anything is written.
func (r *reel) Open(s film.Segment) (io.WriteCloser, error) {
	if err := r.ring.tidy(r.ring.o.Now()); err != nil {
		return nil, err
	}
	start := s.Start
	if err := os.MkdirAll(r.dir(), 0o750); err != nil {
		return nil, fmt.Errorf("record camera: %w", err)
	}
	path := filepath.Join(r.dir(), strconv.FormatInt(start.UnixMilli(), 10)+".mp4")
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return nil, fmt.Errorf("record camera: %w", err)
	}
	r.ring.mu.Lock()
	defer r.ring.mu.Unlock()
	r.open = &piece{start: start, path: path}
	return out, nil
}

// Grown implements film.Sink.
func (r *reel) Grown(s film.Segment) {
	r.ring.mu.Lock()
	r.open.duration, r.open.bytes = s.Duration, s.Bytes+s.SoundBytes
	r.err = nil
	r.ring.mu.Unlock()
}

// Ended implements film.Sink.
func (r *reel) Ended(s film.Segment) {
	r.ring.mu.Lock()
	p := *r.open
	r.open = nil
	r.ring.mu.Unlock()
	if s.Duration == 0 {
		p.remove() // it holds nothing
		return
	}
	p.duration, p.bytes = s.Duration, s.Bytes+s.SoundBytes
	path := r.seal(p.start, p.duration)
	err := os.Rename(p.path, path)
	r.ring.mu.Lock()
	defer r.ring.mu.Unlock()
	if err != nil {
		r.err = err // the next start closes it
		return
	}
	p.path = path
	at, _ := slices.BinarySearchFunc(r.pieces, p, func(a, b piece) int { return a.start.Compare(b.start) })
	r.pieces = slices.Insert(r.pieces, at, p)
}

// ErrFull is why nothing is recorded on a disk that others have filled. The text is what the duty desk reads.
var ErrFull = errors.New("the terminal's disk is too full to record on it")

// tidyEvery is how often what is too old goes while nothing is recorded.
const tidyEvery = time.Minute

// keep removes what is too old, also of cameras that are recorded no more, until ctx ends.
func (r *Ring) keep(ctx context.Context) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := r.o.Now()
		_ = r.tidy(now) // who wants to write says that it cannot
		r.sweep(now)
	}
}

// sweep removes what is too old of cameras that are recorded no more.
func (r *Ring) sweep(now time.Time) {
	list, _ := os.ReadDir(r.o.Dir)
	for _, e := range list {
		if !e.IsDir() || r.reels[e.Name()] != nil {
			continue
		}
		dir := filepath.Join(r.o.Dir, e.Name())
		files, _ := os.ReadDir(dir)
		for _, f := range files {
			if info, err := f.Info(); err == nil && now.Sub(info.ModTime()) > r.o.Keep {
				_ = os.Remove(filepath.Join(dir, f.Name()))
			}
		}
		_ = os.Remove(dir) // fails while there is something in it
	}
}

// tidy removes what is too old, and the oldest of all cameras while the ring is over its quota or the disk is too full.
// A disk that nothing of the ring would help keeps what it has.
func (r *Ring) tidy(now time.Time) error {
	free, err := r.o.Free()
	if err != nil {
		return fmt.Errorf("record camera: %w", err)
	}
	spare := r.o.Spare()
	gone, free := r.choose(now, free, spare)
	for _, p := range gone { // a disk that is slow holds up nobody who asks what there is
		p.remove()
	}
	if free < spare {
		return fmt.Errorf("%w: %d MB are to stay free beside it", ErrFull, spare>>20)
	}
	return nil
}

// choose takes what is to go from the list, and says how much is free afterwards.
func (r *Ring) choose(now time.Time, free, spare int64) (gone []piece, after int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	total, room := int64(0), int64(0)
	for _, one := range r.reels {
		for len(one.pieces) > 0 && now.Sub(one.pieces[0].end()) > r.o.Keep {
			p := one.drop()
			gone, free = append(gone, p), free+p.bytes
		}
		for _, p := range one.pieces {
			// Room for the minute that begins, as large as the largest that there is.
			total, room = total+p.bytes, max(room, p.bytes)
		}
		if one.open != nil {
			total += one.open.bytes
		}
	}
	room *= int64(len(r.reels))
	for total+room > r.o.Quota || free < spare+room && free+total >= spare {
		oldest := r.oldest()
		if oldest == nil {
			break
		}
		p := oldest.drop()
		gone, total, free = append(gone, p), total-p.bytes, free+p.bytes
	}
	return gone, free
}

// oldest is the camera of the oldest file; nil: there is none. The lock is held.
func (r *Ring) oldest() (oldest *reel) {
	for _, one := range r.reels {
		if len(one.pieces) > 0 && (oldest == nil || one.pieces[0].start.Before(oldest.pieces[0].start)) {
			oldest = one
		}
	}
	return oldest
}

// drop takes the oldest file from the list; the lock is held.
func (r *reel) drop() piece {
	p := r.pieces[0]
	r.pieces = r.pieces[1:]
	return p
}

// remove deletes its files; one that cannot be removed is found again at the next start.
func (p piece) remove() {
	_ = os.Remove(p.path)
	if p.sound != "" {
		_ = os.Remove(p.sound)
	}
}

// States tells what is held of each camera.
func (r *Ring) States() []wire.RingState {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]wire.RingState, 0, len(r.reels))
	for id, one := range r.reels {
		s := wire.RingState{Camera: id}
		all := one.pieces
		if one.open != nil && one.open.duration > 0 {
			all = append(slices.Clip(all), *one.open)
		}
		for _, p := range all {
			s.Bytes += p.bytes
		}
		if len(all) > 0 {
			s.From, s.To = wire.Millis(all[0].start), wire.Millis(all[len(all)-1].end())
		}
		if one.err != nil {
			s.Error, s.Full = one.err.Error(), errors.Is(one.err, ErrFull)
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b wire.RingState) int {
		if a.Camera < b.Camera {
			return -1
		}
		return 1
	})
	return out
}
