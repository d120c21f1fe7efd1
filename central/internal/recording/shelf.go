package recording

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Shelf is where segments go once they have been written (bucket.Bucket). Names have / between their parts. An error
// with a code says why it says no.
type Shelf interface {
	// Put copies a file of the disk there, whole or not at all: fs.ErrNotExist when there is none on the disk.
	Put(ctx context.Context, file, path string) error
	// Open finds a file there: fs.ErrNotExist.
	Open(ctx context.Context, file string) (io.ReaderAt, int64, error)
	// Remove deletes a file; one that is not there is no error.
	Remove(ctx context.Context, file string) error
	// Check asks whether it is there.
	Check(ctx context.Context) error
}

// MoveRule says what goes to the shelf, and when.
type MoveRule struct {
	Place string        // where it is, for people
	After time.Duration // of the end of a segment; sooner when the disk fills
	Quota int64         // bytes on the shelf at most; 0: no limit
}

// Bucket is what lies on the shelf, and how that does.
type Bucket struct {
	Place        string     `json:"place"`
	Bytes        int64      `json:"bytes"`
	Quota        int64      `json:"quota" doc:"0: no limit"`
	Waiting      int        `json:"waiting" doc:"Segments that ought to be there and are not yet"`
	WaitingBytes int64      `json:"waiting_bytes"`
	Trouble      string     `json:"trouble,omitempty" doc:"Code of why nothing moves; it is tried again"`
	Since        *time.Time `json:"since,omitempty" doc:"Of the trouble"`
	MovedAt      *time.Time `json:"moved_at,omitempty" doc:"When something was moved last, since the centre started"`
}

// shelf is how moving goes.
type shelf struct {
	trouble string
	since   *time.Time
	moved   *time.Time
	checked time.Time
	until   time.Time // nothing is tried before
	wait    time.Duration
	lost    map[string]bool // segments without a file on the disk; of the loop alone
}

const (
	moveEvery   = 5 * time.Second
	movesAtOnce = 50
	checkEvery  = time.Minute
	firstWait   = 5 * time.Second // after it has said no; doubled each time
	longestWait = 5 * time.Minute
)

// source is a file of a segment, on the disk or on the shelf.
type source struct {
	io.ReaderAt
	io.Closer
	size int64
}

type nothingToClose struct{}

func (nothingToClose) Close() error { return nil }

// find opens a file of a segment: os.ErrNotExist. It may move while it is looked for, and stays readable where it was
// found.
func (s *Service) find(ctx context.Context, file string) (source, error) {
	in, err := os.Open(filepath.Join(s.Dir, file))
	if errors.Is(err, os.ErrNotExist) && s.Shelf != nil {
		at, size, err := s.Shelf.Open(ctx, filepath.ToSlash(file))
		return source{at, nothingToClose{}, size}, err
	}
	if err != nil {
		return source{}, fmt.Errorf("read recording: %w", err)
	}
	info, err := in.Stat()
	if err != nil {
		return source{}, errors.Join(fmt.Errorf("read recording: %w", err), in.Close())
	}
	return source{in, in, info.Size()}, nil
}

// bucket is how the shelf does; nil without one.
func (s *Service) bucket(ctx context.Context, bytes int64, now time.Time) (*Bucket, error) {
	if s.Shelf == nil {
		return nil, nil //nolint:nilnil // there is none
	}
	b := s.bucketNow()
	b.Bytes = bytes
	var err error
	b.Waiting, b.WaitingBytes, err = s.Store.Near(ctx, now.Add(-s.Moving.After))
	return &b, err
}

func (s *Service) bucketNow() Bucket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Bucket{Place: s.Moving.Place, Quota: s.Moving.Quota, Trouble: s.shelf.trouble, Since: s.shelf.since, MovedAt: s.shelf.moved}
}

// lookMoves moves what is due, and says when to look again.
func (s *Service) lookMoves(ctx context.Context, now time.Time) time.Duration {
	if now.Before(s.shelf.until) {
		return s.shelf.until.Sub(now)
	}
	more, err := s.moveSome(ctx, now)
	if ctx.Err() != nil {
		return moveEvery
	}
	if err == nil && !more && now.Sub(s.shelf.checked) >= checkEvery {
		s.shelf.checked = now
		err = s.Shelf.Check(ctx)
	}
	if errs.KindOf(err) != errs.Unavailable {
		s.say(ctx, "move to the bucket", err)
		if err == nil {
			s.shelfDoes(ctx, "", nil)
		}
		if more {
			return 0
		}
		return moveEvery
	}
	s.shelfDoes(ctx, troubleCode(err), err)
	s.shelf.wait = min(max(2*s.shelf.wait, firstWait), longestWait)
	s.shelf.checked, s.shelf.until = time.Time{}, now.Add(s.shelf.wait)
	return s.shelf.wait
}

func troubleCode(err error) string {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e.Code
	}
	return ""
}

// shelfDoes notes how the shelf does, and tells when that changes.
func (s *Service) shelfDoes(ctx context.Context, trouble string, why error) {
	s.mu.Lock()
	was := s.shelf.trouble
	s.shelf.trouble = trouble
	if trouble == "" {
		s.shelf.since, s.shelf.wait = nil, 0
	} else if was == "" {
		now := event.Stamp(time.Now())
		s.shelf.since = &now
	}
	s.mu.Unlock()
	kind := EventShelfDown
	switch trouble {
	case was:
		return
	case "":
		kind = EventShelfUp
		s.Log.InfoContext(ctx, "recordings move to the bucket again")
	default:
		s.Log.ErrorContext(ctx, "recordings stay on the disk: the bucket says no", "error", why)
	}
	s.Events.Publish(ctx, event.New(ctx, kind, "", "", s.bucketNow()))
}

// moveSome moves the oldest that are due; more says that there are others.
func (s *Service) moveSome(ctx context.Context, now time.Time) (more bool, err error) {
	before := now.Add(-s.Moving.After)
	s.mu.Lock()
	if s.pressed {
		before = now
	}
	s.mu.Unlock()
	most := movesAtOnce + len(s.shelf.lost)
	list, err := s.Store.NearSegments(ctx, before, most)
	if err != nil {
		return false, err
	}
	for _, g := range list {
		if s.shelf.lost[g.ID] {
			continue
		}
		err := s.moveOne(ctx, g)
		if errors.Is(err, os.ErrNotExist) {
			if s.shelf.lost == nil {
				s.shelf.lost = map[string]bool{}
			}
			s.shelf.lost[g.ID] = true
			s.Log.WarnContext(ctx, "recording has no file that could be moved", "stream", g.Stream, "segment", g.ID)
			continue
		}
		if err != nil {
			return false, err
		}
		moved := event.Stamp(time.Now())
		s.mu.Lock()
		s.shelf.moved = &moved
		s.mu.Unlock()
	}
	return len(list) == most, nil
}

// moveOne copies a segment, notes that it lies there, and only then deletes it from the disk: a kill in between leaves
// it in both places.
func (s *Service) moveOne(ctx context.Context, g Segment) error {
	if err := s.Shelf.Put(ctx, filepath.ToSlash(g.File), s.path(g)); err != nil {
		return err
	}
	if g.Sound != "" {
		if err := s.Shelf.Put(ctx, filepath.ToSlash(soundFile(g)), s.soundPath(g)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	err := s.Store.MoveSegment(ctx, g.ID)
	if errs.KindOf(err) == errs.NotFound { // removed meanwhile
		return s.unshelve(ctx, g)
	}
	if err != nil {
		return err
	}
	return s.leaveDisk(ctx, g)
}

// leaveDisk deletes the files of a segment that lies on the shelf.
func (s *Service) leaveDisk(ctx context.Context, g Segment) error {
	for _, path := range []string{s.path(g), s.soundPath(g)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("delete what was moved: %w", err)
		}
	}
	_ = os.Remove(filepath.Dir(s.path(g))) // the day, when nothing is left of it
	return s.Store.LeftDisk(ctx, g.ID)
}

// unshelve deletes the files of a segment from the shelf.
func (s *Service) unshelve(ctx context.Context, g Segment) error {
	if s.Shelf == nil {
		return errs.E(errs.Unavailable, "recording.no_bucket", "recording %s lies in a bucket that central.yml does not name any more", g.ID)
	}
	return errors.Join(s.Shelf.Remove(ctx, filepath.ToSlash(g.File)), s.Shelf.Remove(ctx, filepath.ToSlash(soundFile(g))))
}

// sweepMoved deletes from the disk what a kill left there of segments that had been moved.
func (s *Service) sweepMoved(ctx context.Context) error {
	list, err := s.Store.LeavingSegments(ctx)
	if err != nil {
		return err
	}
	for _, g := range list {
		if err := s.leaveDisk(ctx, g); err != nil {
			return err
		}
	}
	return nil
}
