package recording

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/film"
	"github.com/fengsui/fengsui/shared/wire"
)

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
	case f.Sound < 0 || f.Sound > wire.MaxRingSound || f.Sound >= f.Size:
		return bad("it has more sound than pictures may have")
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
	// One that was whole when the centre died is taken in with its last byte: a terminal with nothing to send says no more.
	return wire.FilmTaken{Next: min(info.Size(), f.Size-1)}, nil
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
	shown := f.Size - f.Sound
	got, err := film.Read(io.NewSectionReader(in, 0, shown), shown)
	if err != nil || got.Size != shown || len(got.Parts) == 0 {
		return refuse("it is no film that a terminal makes")
	}
	if d := got.Duration - time.Duration(f.Duration)*time.Millisecond; d.Abs() > time.Second {
		return refuse("it is not as long as it was said to be")
	}
	start := wire.Time(f.Start)
	g := Segment{
		ID: uuid.Must(uuid.NewV7()).String(), Stream: w.Stream, Source: Edge, Film: start, Bytes: shown, Codec: got.Codec, Width: got.Width, Height: got.Height,
	}
	sound := io.NewSectionReader(in, shown, f.Sound)
	if g.Sound = s.soundOf(g, got, sound); g.Sound != "" {
		g.Bytes += f.Sound
	}
	defer func() { _ = os.Remove(soundAside(in.Name())) }() // where no segment came of it
	if err := split(g, in, shown, sound); err != nil {
		return err
	}
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		end := earlier(start.Add(got.Duration).Truncate(time.Millisecond), w.To)
		list, err := s.segments(ctx, w.Stream, later(start, w.From), end)
		if err != nil {
			return err
		}
		var ok bool
		if g.From, g.To, ok = free(list, later(start, w.From), end); !ok {
			return os.Remove(in.Name()) // what it shows came from elsewhere meanwhile
		}
		// A film of two stretches is brought twice, for each its own file. A stretch that a kill has brought again has the same.
		g.File = fileOf(w.Stream, start, fmt.Sprintf("%s-%s-%d", w.ID[len(w.ID)-12:], f.SHA256[:16], g.From.UnixMilli()))
		fresh, err := s.Store.Wish(ctx, w.ID)
		if err != nil {
			return err
		}
		fresh.Films, fresh.Bytes = fresh.Films+1, fresh.Bytes+f.Size
		if err := errors.Join(s.Store.AddSegment(ctx, g), s.Store.ChangeWish(ctx, fresh), os.MkdirAll(filepath.Dir(s.path(g)), 0o750)); err != nil {
			return err
		}
		return s.lay(g, in.Name())
	})
}

// soundOf is the codec of the sound that came with a film; none where it is not to be kept, or is not beside the
// pictures: they play whatever becomes of it.
func (s *Service) soundOf(g Segment, pictures film.Film, in *io.SectionReader) string {
	if in.Size() == 0 || s.policy(g.Stream).Mute {
		return ""
	}
	f, err := film.ReadSound(in, in.Size())
	if err != nil || f.Size != in.Size() || len(f.Parts) == 0 || f.Duration > pictures.Duration+time.Second {
		s.Log.Warn("sound of a terminal's recording is left out", "stream", g.Stream, "error", err)
		return ""
	}
	return f.Codec
}

// soundAside is the sound of an upload, beside it, until both are where their segment has them.
func soundAside(upload string) string { return upload + ".sound" }

// split writes the sound of an upload aside and leaves it the pictures; both are on the disk then. It is done before the
// transaction, for which all who write wait. An upload that a kill leaves without its sound is sent that once more.
func split(g Segment, in *os.File, shown int64, sound io.Reader) error {
	if g.Sound != "" {
		out, err := os.OpenFile(soundAside(in.Name()), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
		if err != nil {
			return fmt.Errorf("keep sound: %w", err)
		}
		_, err = io.Copy(out, sound)
		if err := errors.Join(err, synced{out}.Close()); err != nil {
			return fmt.Errorf("keep sound: %w", err)
		}
	}
	if err := errors.Join(in.Truncate(shown), in.Sync()); err != nil {
		return fmt.Errorf("keep upload: %w", err)
	}
	return nil
}

// lay puts pictures and sound of an upload where a segment has them.
func (s *Service) lay(g Segment, upload string) error {
	if g.Sound != "" {
		if err := os.Rename(soundAside(upload), s.soundPath(g)); err != nil {
			return fmt.Errorf("keep sound: %w", err)
		}
	}
	return os.Rename(upload, s.path(g))
}

// sweepSounds removes the sound that a kill left beside an upload: it is written anew when the upload is whole again.
func (s *Service) sweepSounds() error {
	list, err := filepath.Glob(soundAside(filepath.Join(s.Dir, fillDir, "*", "*")))
	for _, path := range list {
		err = errors.Join(err, os.Remove(path))
	}
	return err
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
