package recording

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/film"
	"github.com/fengsui/fengsui/shared/run"
)

const (
	saveTimeout = 5 * time.Second
	// afterError is how long a recorder waits when the disk or the database refuses: the next key frame would
	// fail as well.
	afterError = 2 * time.Second
)

// recorder writes one stream down. It is a film.Sink.
type recorder struct {
	svc    *Service
	stream string
	cancel context.CancelFunc
	done   chan struct{}
	since  time.Time // nothing of before is kept; zero: from the last key frame on

	mu   sync.Mutex
	id   string   // of the segment that is open
	open *Segment // as it stands on the disk
	err  error    // why nothing is written

	writer *film.Writer // of run alone
	pause  time.Time
	now    Segment
}

// record begins to write a stream down. Of a camera of a terminal what came since its last key frame is kept as well; what
// somebody sends of themselves, from a phone or a seat, was not recorded when they sent it and is not kept.
func (s *Service) record(ctx context.Context, d device.Device) *recorder {
	ctx, cancel := context.WithCancel(ctx)
	r := &recorder{svc: s, stream: d.ID, cancel: cancel, done: make(chan struct{})}
	if d.Parent == "" {
		r.since = time.Now()
	}
	go func() {
		defer close(r.done)
		r.run(ctx)
	}()
	return r
}

func (r *recorder) run(ctx context.Context) {
	r.writer = film.NewWriter(r)
	for ctx.Err() == nil {
		err := r.svc.Taps.Tap(ctx, r.stream, r.since, r.take, r.hear, func(now time.Time) { r.note(r.writer.Tick(now), now) })
		if err == nil {
			continue
		}
		r.note(err, time.Now()) // too many streams
		select {
		case <-ctx.Done():
		case <-time.After(afterError):
		}
	}
	r.note(r.writer.Close(), time.Now())
}

func (r *recorder) take(f film.Frame) {
	if now := f.At; now.Before(r.pause) || r.svc.isFull() {
		if r.writer.Recording() {
			r.note(r.writer.Close(), now)
		}
		return
	}
	r.note(r.writer.Write(f), f.At)
}

// hear keeps sound, unless the camera is to be recorded without it.
func (r *recorder) hear(s film.Sound) {
	if !r.svc.policy(r.stream).Mute {
		r.writer.Hear(s)
	}
}

// note remembers an error, and says it once.
func (r *recorder) note(err error, now time.Time) {
	r.mu.Lock()
	fresh := err != nil && r.err == nil
	if err != nil {
		r.err, r.pause = err, now.Add(afterError)
	}
	r.mu.Unlock()
	if fresh {
		r.svc.Log.Error("picture is not recorded", "stream", r.stream, "error", err)
		r.svc.loop.Wake()
	}
}

// state is what is being written, and why nothing is.
func (r *recorder) state() (open *Segment, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		return nil, r.err
	}
	s := *r.open
	return &s, r.err
}

// Open implements film.Sink: the segment stands in the index before there is a file, so that a kill leaves no
// file that nobody knows.
func (r *recorder) Open(f film.Segment) (io.WriteCloser, error) {
	id := uuid.Must(uuid.NewV7()).String()
	r.now = Segment{
		ID: id, Stream: r.stream, Source: Live, From: f.Start, To: f.Start, Film: f.Start, Codec: f.Codec, Width: f.Width, Height: f.Height, Open: true,
		File: fileOf(r.stream, f.Start, id),
	}
	r.mu.Lock()
	r.id = id
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
	defer cancel()
	if err := r.svc.Store.AddSegment(ctx, r.now); err != nil {
		return nil, err
	}
	path := r.svc.path(r.now)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make folder of recordings: %w", err)
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return nil, fmt.Errorf("make recording: %w", err)
	}
	return synced{out}, nil
}

// OpenSound implements film.SoundSink.
func (r *recorder) OpenSound(film.Segment) (io.WriteCloser, error) {
	out, err := os.OpenFile(r.svc.soundPath(r.now), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		r.svc.Log.Error("sound is not recorded", "stream", r.stream, "error", err)
		return nil, fmt.Errorf("make recording of sound: %w", err)
	}
	return synced{out}, nil
}

// synced is a file that is on the disk once it is closed.
type synced struct{ *os.File }

func (s synced) Close() error { return errors.Join(s.Sync(), s.File.Close()) }

// fileOf is where a segment lies below the folder of recordings.
func fileOf(stream string, at time.Time, id string) string {
	return filepath.Join(stream, at.UTC().Format(time.DateOnly), id+".mp4")
}

// Grown implements film.Sink.
func (r *recorder) Grown(f film.Segment) {
	r.begin(f)
	r.now.To, r.now.Bytes, r.now.Sound = f.End().Truncate(time.Millisecond), f.Bytes+f.SoundBytes, f.Sound
	s := r.now
	r.mu.Lock()
	r.open, r.err = &s, nil
	r.mu.Unlock()
}

// begin notes that a film begins with pictures of before: it shows what there is from From on. It is written down at once,
// for a kill leaves the row as it stands.
func (r *recorder) begin(f film.Segment) {
	from := f.Start.Add(f.Lead).Truncate(time.Millisecond)
	if from.Equal(r.now.From) {
		return
	}
	r.now.From = from
	row := r.now
	row.To, row.Bytes = from, 0 // as of one that is open
	ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
	defer cancel()
	if err := r.svc.Store.ChangeSegment(ctx, row); err != nil {
		r.svc.Log.Error("begin of a recording is not written down yet", "stream", r.stream, "segment", r.now.ID, "error", err)
	}
}

// Ended implements film.Sink.
func (r *recorder) Ended(f film.Segment) {
	ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
	defer cancel()
	r.now.To, r.now.Bytes, r.now.Sound, r.now.Open = f.End().Truncate(time.Millisecond), f.Bytes+f.SoundBytes, f.Sound, false
	var err error
	if f.Duration == 0 {
		err = r.svc.remove(ctx, []Segment{r.now})
	} else {
		err = r.svc.Store.ChangeSegment(ctx, r.now)
	}
	if err != nil { // mend finds it
		r.svc.Log.Error("end of a recording is not written down yet", "stream", r.stream, "segment", r.now.ID, "error", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open, r.id = nil, ""
	r.svc.moves.Wake()
}

// path is where the file of a segment lies on the disk.
func (s *Service) path(g Segment) string { return filepath.Join(s.Dir, g.File) }

// soundFile is the file of its sound, when it has any.
func soundFile(g Segment) string {
	return strings.TrimSuffix(g.File, filepath.Ext(g.File)) + ".sound.mp4"
}

func (s *Service) soundPath(g Segment) string { return filepath.Join(s.Dir, soundFile(g)) }

// remove deletes files, then what is known of them: a kill in between leaves rows, which are removed later.
func (s *Service) remove(ctx context.Context, list []Segment) error {
	var near, away []string
	var failed, shelf error
	for _, g := range list {
		if g.Away {
			if shelf == nil {
				shelf = s.unshelve(ctx, g)
			}
			if shelf == nil {
				away = append(away, g.ID)
			}
			continue
		}
		if err := os.Remove(s.path(g)); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = errors.Join(failed, err)
			continue
		}
		if err := os.Remove(s.soundPath(g)); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = errors.Join(failed, err)
			continue
		}
		_ = os.Remove(filepath.Dir(s.path(g))) // the day, when nothing is left of it
		near = append(near, g.ID)
	}
	return errors.Join(failed, shelf, s.Store.RemoveSegments(ctx, near, false), s.Store.RemoveSegments(ctx, away, true))
}

// mend closes the segments that a kill left open: what is whole of a file stays, what is torn off its end goes.
func (s *Service) mend(ctx context.Context) error {
	list, err := s.Store.OpenSegments(ctx)
	if err != nil {
		return err
	}
	for _, g := range list {
		if s.recording(g) {
			continue
		}
		if err := s.mendOne(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) mendOne(ctx context.Context, g Segment) error {
	path := s.path(g)
	f, size, err := s.readFilm(ctx, g.File, film.Read)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, film.ErrFilm) || (err == nil && len(f.Parts) == 0) {
		return s.remove(ctx, []Segment{g})
	}
	if err != nil {
		return err
	}
	if f.Size < size {
		if err := os.Truncate(path, f.Size); err != nil {
			return fmt.Errorf("mend recording: %w", err)
		}
	}
	g.To, g.Bytes, g.Open = g.Film.Add(f.Duration), f.Size, false
	if err := s.mendSound(ctx, &g); err != nil {
		return err
	}
	s.Log.Info("recording that broke off is whole up to its last part", "stream", g.Stream, "segment", g.ID, "torn", size-f.Size)
	return errors.Join(s.Store.ChangeSegment(ctx, g), run.SyncDir(filepath.Dir(path)))
}

// mendSound does the same for the sound of a segment. One that is broken is no reason to lose pictures.
func (s *Service) mendSound(ctx context.Context, g *Segment) error {
	path := s.soundPath(*g)
	f, size, err := s.readFilm(ctx, soundFile(*g), film.ReadSound)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case errors.Is(err, film.ErrFilm) || (err == nil && len(f.Parts) == 0):
		return os.Remove(path)
	case err == nil && f.Size < size:
		err = os.Truncate(path, f.Size)
	}
	if err != nil {
		return fmt.Errorf("mend sound of a recording: %w", err)
	}
	g.Sound, g.Bytes = f.Codec, g.Bytes+f.Size
	return nil
}

func (s *Service) readFilm(ctx context.Context, file string, read func(io.ReaderAt, int64) (film.Film, error)) (film.Film, int64, error) {
	in, err := s.find(ctx, file)
	if err != nil {
		return film.Film{}, 0, err
	}
	defer func() { _ = in.Close() }()
	f, err := read(in, in.size)
	return f, in.size, err //nolint:wrapcheck // film says what it does
}
