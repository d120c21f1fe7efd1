package recording

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/film"
	"github.com/fengsui/fengsui/shared/wire"
)

// WishState is what became of a wish.
type WishState string

// The states.
const (
	Wanted WishState = "wanted"
	Done   WishState = "done"   // the terminal has sent all that it had
	Failed WishState = "failed" // it cannot; Error says why
)

// Wish is a span that a terminal is asked for.
type Wish struct {
	ID         string     `json:"id"` // UUIDv7
	Stream     string     `json:"stream"`
	Edge       string     `json:"edge"`
	From       time.Time  `json:"from"`
	To         time.Time  `json:"to"`
	State      WishState  `json:"state" enum:"wanted,done,failed"`
	Error      string     `json:"error,omitempty"`
	Films      int        `json:"films"`
	Bytes      int64      `json:"bytes"`
	Ticket     string     `json:"-"`
	AuthorName string     `json:"author_name,omitempty"` // empty: the centre itself
	CreatedAt  time.Time  `json:"created_at"`
	SettledAt  *time.Time `json:"settled_at,omitempty"`
}

const (
	fillEvery = 5 * time.Second
	askAgain  = 30 * time.Second // a terminal that works on it does nothing
	// settled is how long ago a gap must have ended: what is being written now is no gap.
	settledGap = 10 * time.Second
	leastGap   = 2 * time.Second
	longestGap = time.Hour // of one wish
	fillWithin = 72 * time.Hour
	maxWish    = 24 * time.Hour
	fillDir    = ".fill"
)

// Reporter knows what terminals last said of themselves (device.Service).
type Reporter interface {
	Reported(ctx context.Context, edge string) (device.Reported, error)
	Connected(ctx context.Context, edge string) bool
}

// Sender reaches a terminal that is connected (ingest.Ingest).
type Sender interface {
	Command(ctx context.Context, edge string, c wire.Command) error
}

// asked is a wish that was sent.
type asked struct {
	at      time.Time
	command string
	refused string
}

// Result takes the outcome of a command to a terminal (device.EventResult). It returns at once.
func (s *Service) Result(r wire.CommandResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, a := range s.asked {
		if a.command == r.Command && !r.OK {
			a.refused = r.Error
			if a.refused == "" {
				a.refused = "the terminal did not say why"
			}
			s.asked[id] = a
		}
	}
}

// Ask has the terminal of a camera send what it recorded within from ≤ t < to and the centre has not.
func (s *Service) Ask(ctx context.Context, stream string, from, to time.Time) ([]Wish, error) {
	a, d, err := s.visible(ctx, stream, actor.VideoRecord)
	if err != nil {
		return nil, err
	}
	if err := checkSpan(from, to, maxWish); err != nil {
		return nil, err
	}
	to = earlier(to, time.Now())
	if d.Parent == "" {
		return nil, errs.E(errs.Unavailable, "recording.no_edge", "camera %s is behind no terminal", stream)
	}
	if _, ok := s.ring(ctx, d); !ok {
		return nil, errs.E(errs.Unavailable, "recording.no_ring", "terminal %s records nothing of this camera by itself", d.Parent)
	}
	list, err := s.segments(ctx, stream, from, to)
	if err != nil {
		return nil, err
	}
	return s.wish(ctx, d, gaps(list, from, to, leastGap), a.Name)
}

// ring is what the terminal of a camera holds of it.
func (s *Service) ring(ctx context.Context, camera device.Device) (wire.RingState, bool) {
	r, err := s.Reporter.Reported(actor.WithSystem(ctx, "recording"), camera.Parent)
	if err != nil {
		return wire.RingState{}, false
	}
	at := slices.IndexFunc(r.Status.Ring, func(one wire.RingState) bool { return one.Camera == camera.ID })
	if at < 0 {
		return wire.RingState{}, false
	}
	return r.Status.Ring[at], true
}

func (s *Service) wish(ctx context.Context, d device.Device, missing []Span, author string) ([]Wish, error) {
	out := []Wish{}
	for _, gap := range missing {
		for from := gap.From; from.Before(gap.To); from = from.Add(longestGap) {
			w := Wish{
				ID: uuid.Must(uuid.NewV7()).String(), Stream: d.ID, Edge: d.Parent, From: from.UTC(), To: earlier(from.Add(longestGap), gap.To).UTC(),
				State: Wanted, Ticket: rand.Text(), AuthorName: author, CreatedAt: event.Stamp(time.Now()),
			}
			e := event.New(ctx, EventAsked, d.ID, d.Division, w)
			if err := s.change(ctx, &e, func(ctx context.Context) error { return s.Store.AddWish(ctx, w) }); err != nil {
				return out, err
			}
			out = append(out, w)
		}
	}
	if len(out) > 0 {
		s.loop.Wake()
	}
	return out, nil
}

// Wishes lists what terminals were asked for within from ≤ t < to, by time.
func (s *Service) Wishes(ctx context.Context, stream string, from, to time.Time) ([]Wish, error) {
	if _, _, err := s.visible(ctx, stream, actor.VideoReplay); err != nil {
		return nil, err
	}
	return s.Store.Wishes(ctx, stream, from, to)
}

// fill asks terminals for what is missing of cameras that are always recorded, and brings wishes on.
func (s *Service) fill(ctx context.Context, now time.Time) error {
	s.mu.Lock()
	policies := make([]Policy, 0, len(s.policies))
	for _, p := range s.policies {
		if p.Mode == Always && p.Since != nil {
			policies = append(policies, p)
		}
	}
	s.mu.Unlock()
	for _, p := range policies {
		d, ok := s.Devices.Visible(ctx, p.Stream)
		if !ok || !s.Reporter.Connected(ctx, d.Parent) {
			continue
		}
		held, ok := s.ring(ctx, d)
		if !ok || held.From == 0 {
			continue
		}
		from := later(later(*p.Since, now.Add(-fillWithin)), wire.Time(held.From))
		to := earlier(now.Add(-settledGap), wire.Time(held.To))
		if !from.Before(to) {
			continue
		}
		missing, err := s.missing(ctx, p.Stream, from, to)
		if err != nil {
			return err
		}
		if _, err := s.wish(ctx, d, missing, ""); err != nil {
			return err
		}
	}
	return s.bring(ctx, now)
}

// missing is the gaps that nobody was asked for yet.
func (s *Service) missing(ctx context.Context, stream string, from, to time.Time) ([]Span, error) {
	list, err := s.segments(ctx, stream, from, to)
	if err != nil {
		return nil, err
	}
	wishes, err := s.Store.Wishes(ctx, stream, from, to)
	if err != nil {
		return nil, err
	}
	for _, w := range wishes {
		list = append(list, Segment{From: w.From, To: w.To})
	}
	slices.SortFunc(list, func(a, b Segment) int { return a.From.Compare(b.From) })
	return gaps(list, from, to, leastGap), nil
}

// bring sends each terminal its oldest wish.
func (s *Service) bring(ctx context.Context, now time.Time) error {
	open, err := s.Store.OpenWishes(ctx)
	if err != nil {
		return err
	}
	busy := map[string]bool{}
	for _, w := range open {
		if busy[w.Edge] {
			continue
		}
		busy[w.Edge] = true
		s.mu.Lock()
		a := s.asked[w.ID]
		s.mu.Unlock()
		if a.refused != "" {
			w.State, w.Error = Failed, a.refused[:min(len(a.refused), maxNote)]
			if err := s.settle(ctx, w); err != nil {
				return err
			}
			continue
		}
		if !s.Reporter.Connected(ctx, w.Edge) || now.Sub(a.at) < askAgain {
			continue
		}
		if err := s.send(ctx, w, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) send(ctx context.Context, w Wish, now time.Time) error {
	text, err := json.Marshal(wire.RingFetch{ID: w.ID, Camera: w.Stream, From: wire.Millis(w.From), To: wire.Millis(w.To), URL: "/fill/" + w.ID, Token: w.Ticket})
	if err != nil {
		return fmt.Errorf("encode wish: %w", err)
	}
	cmd := wire.Command{ID: uuid.Must(uuid.NewV7()).String(), Kind: wire.CommandRingFetch, Body: text}
	s.mu.Lock()
	s.asked[w.ID] = asked{at: now, command: cmd.ID}
	s.mu.Unlock()
	if err := s.Sender.Command(ctx, w.Edge, cmd); err != nil && errs.KindOf(err) != errs.Unavailable {
		return err
	}
	return nil
}

func (s *Service) settle(ctx context.Context, w Wish) error {
	now := event.Stamp(time.Now())
	w.SettledAt = &now
	d, _ := s.Devices.Visible(actor.WithSystem(ctx, "recording"), w.Stream)
	e := event.New(ctx, EventFilled, w.Stream, d.Division, w)
	if err := s.change(ctx, &e, func(ctx context.Context) error { return s.Store.ChangeWish(ctx, w) }); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.asked, w.ID)
	s.mu.Unlock()
	_ = os.RemoveAll(filepath.Join(s.Dir, fillDir, w.ID)) // what came half
	return nil
}

// open finds a wish by the ticket of its terminal: errs.Unauthenticated, errs.NotFound when it is settled.
func (s *Service) open(ctx context.Context, id, ticket string) (Wish, error) {
	w, err := s.Store.Wish(ctx, id)
	if errs.KindOf(err) == errs.NotFound || (err == nil && subtle.ConstantTimeCompare([]byte(w.Ticket), []byte(ticket)) != 1) {
		return w, errs.E(errs.Unauthenticated, "recording.ticket", "ticket is missing or not of this span")
	}
	if err != nil {
		return w, err
	}
	if w.State != Wanted {
		return w, errs.E(errs.NotFound, "recording.settled", "this span is not wanted any more")
	}
	return w, nil
}

var digest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Offered hears of a film that a terminal has, and says where its next piece begins.
func (s *Service) Offered(ctx context.Context, id, ticket string, f wire.FilmOffered) (wire.FilmTaken, error) {
	w, err := s.open(ctx, id, ticket)
	if err != nil {
		return wire.FilmTaken{}, err
	}
	bad := func(why string) (wire.FilmTaken, error) {
		return wire.FilmTaken{}, errs.E(errs.Invalid, "recording.film", "the film is refused: %s", why)
	}
	start := wire.Time(f.Start)
	end := start.Add(time.Duration(f.Duration) * time.Millisecond)
	switch {
	case !digest.MatchString(f.SHA256):
		return bad("its hash is not 64 hexadecimal digits")
	case f.Size <= 0 || f.Size > wire.MaxRingFilm:
		return bad("its size is not 1 to 335544320 bytes")
	case f.Duration <= 0 || f.Duration > maxWish.Milliseconds() || !start.Before(w.To) || !end.After(w.From):
		return bad("it shows nothing of the span")
	}
	if s.isFull() {
		return wire.FilmTaken{}, errs.E(errs.Unavailable, "recording.full", "there is no room for recordings")
	}
	list, err := s.segments(ctx, w.Stream, later(start, w.From), earlier(end, w.To))
	if err != nil {
		return wire.FilmTaken{}, err
	}
	a, b, ok := free(list, later(start, w.From), earlier(end, w.To))
	if !ok || b.Sub(a) < leastGap/10 {
		return wire.FilmTaken{Have: true}, nil
	}
	info, err := os.Stat(s.part(w, f))
	if errors.Is(err, os.ErrNotExist) {
		return wire.FilmTaken{}, nil
	}
	if err != nil {
		return wire.FilmTaken{}, fmt.Errorf("read upload: %w", err)
	}
	return wire.FilmTaken{Next: min(info.Size(), f.Size)}, nil
}

func (s *Service) part(w Wish, f wire.FilmOffered) string {
	return filepath.Join(s.Dir, fillDir, w.ID, f.SHA256)
}

// Piece takes the next piece of a film. One that is not next is answered with where to go on.
func (s *Service) Piece(ctx context.Context, id, ticket string, f wire.FilmOffered, offset int64, text []byte) (wire.FilmTaken, error) {
	taken, err := s.Offered(ctx, id, ticket, f)
	if err != nil || taken.Have {
		return taken, err
	}
	s.filling.Lock()
	defer s.filling.Unlock()
	w, err := s.open(ctx, id, ticket)
	if err != nil {
		return wire.FilmTaken{}, err
	}
	path := s.part(w, f)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return wire.FilmTaken{}, fmt.Errorf("write upload: %w", err)
	}
	out, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return wire.FilmTaken{}, fmt.Errorf("write upload: %w", err)
	}
	defer func() { _ = out.Close() }()
	have, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return wire.FilmTaken{}, fmt.Errorf("write upload: %w", err)
	}
	if have == 0 {
		s.others(path) // one film of a span at a time: what a terminal can fill is bounded
	}
	if offset == have && offset+int64(len(text)) <= f.Size && len(text) > 0 {
		if _, err := out.Write(text); err != nil {
			return wire.FilmTaken{}, fmt.Errorf("write upload: %w", err)
		}
		have += int64(len(text))
	}
	if have < f.Size {
		return wire.FilmTaken{Next: have}, nil
	}
	if err := s.takeIn(ctx, w, f, out); err != nil {
		return wire.FilmTaken{}, err
	}
	return wire.FilmTaken{Next: f.Size}, nil
}

// others removes the uploads of a span beside one.
func (s *Service) others(path string) {
	list, _ := os.ReadDir(filepath.Dir(path)) // it is there
	for _, e := range list {
		if e.Name() != filepath.Base(path) {
			_ = os.Remove(filepath.Join(filepath.Dir(path), e.Name())) // begun anew when it is sent again
		}
	}
}

// takeIn makes a segment of an upload that is whole. One that is not what it was said to be is thrown away.
func (s *Service) takeIn(ctx context.Context, w Wish, f wire.FilmOffered, in *os.File) error {
	refuse := func(why string) error {
		return errors.Join(errs.E(errs.Invalid, "recording.film", "the film is refused: %s", why), os.Remove(in.Name()))
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(in, 0, f.Size+1)); err != nil {
		return fmt.Errorf("read upload: %w", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return refuse("it has another hash")
	}
	got, err := film.Read(in, f.Size)
	if err != nil || got.Size != f.Size || len(got.Parts) == 0 {
		return refuse("it is no film that a terminal makes")
	}
	if d := got.Duration - time.Duration(f.Duration)*time.Millisecond; d.Abs() > time.Second {
		return refuse("it is not as long as it was said to be")
	}
	start := wire.Time(f.Start)
	g := Segment{
		ID: uuid.Must(uuid.NewV7()).String(), Stream: w.Stream, Source: Edge, Film: start, Bytes: f.Size, Codec: got.Codec, Width: got.Width, Height: got.Height,
		File: fileOf(w.Stream, start, w.ID[len(w.ID)-12:]+"-"+f.SHA256[:16]), // the same when a kill has it brought again
	}
	path := s.path(g)
	if err := errors.Join(in.Sync(), os.MkdirAll(filepath.Dir(path), 0o750)); err != nil {
		return fmt.Errorf("keep upload: %w", err)
	}
	if err := os.Rename(in.Name(), path); err != nil {
		return fmt.Errorf("keep upload: %w", err)
	}
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		end := earlier(start.Add(got.Duration).Truncate(time.Millisecond), w.To)
		list, err := s.segments(ctx, w.Stream, later(start, w.From), end)
		if err != nil {
			return err
		}
		var ok bool
		if g.From, g.To, ok = free(list, later(start, w.From), end); !ok {
			return nil
		}
		fresh, err := s.Store.Wish(ctx, w.ID)
		if err != nil {
			return err
		}
		fresh.Films, fresh.Bytes = fresh.Films+1, fresh.Bytes+g.Bytes
		return errors.Join(s.Store.AddSegment(ctx, g), s.Store.ChangeWish(ctx, fresh))
	})
}

// Brought hears that a terminal has sent all that it had of a span.
func (s *Service) Brought(ctx context.Context, id, ticket string) error {
	s.filling.Lock()
	defer s.filling.Unlock()
	w, err := s.open(ctx, id, ticket)
	if err != nil {
		return err
	}
	w.State = Done
	err = s.settle(actor.WithSystem(ctx, "recording"), w)
	s.loop.Wake()
	return err
}
