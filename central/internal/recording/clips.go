package recording

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/run"
)

// clipsEvery is how often clips that expired are looked for.
const clipsEvery = time.Minute

// making is the clip that is being made.
type making struct {
	id      string
	percent int
	cancel  context.CancelFunc
}

// OrderClip has a clip made of stream, span and reference; with burn a second copy has time and watermark in the
// picture. It is made in the background.
func (s *Service) OrderClip(ctx context.Context, c Clip) (Clip, error) {
	a, d, err := s.visible(ctx, c.Stream, actor.VideoExport)
	if err != nil {
		return Clip{}, err
	}
	r, err := s.Desks.Reach(ctx, actor.VideoExport)
	if err != nil {
		return Clip{}, err
	}
	now := event.Stamp(time.Now())
	c.From, c.To = c.From.UTC().Truncate(time.Millisecond), c.To.UTC().Truncate(time.Millisecond)
	if err := c.check(now); err != nil {
		return Clip{}, err
	}
	if c.Burn && s.Burner.Program == "" {
		return Clip{}, errs.Field("recording.burn", "burn", "this centre has no program to draw into pictures: set recording.burn in central.yml")
	}
	list, err := s.segments(ctx, c.Stream, c.From, c.To)
	if err != nil {
		return Clip{}, err
	}
	if len(list) == 0 {
		return Clip{}, errs.E(errs.Conflict, "recording.nothing", "nothing was recorded of this camera in this span")
	}
	all, err := s.Store.Clips(ctx)
	if err != nil {
		return Clip{}, err
	}
	waiting := 0
	for _, one := range all {
		if one.State == Making {
			waiting++
		}
	}
	if waiting >= maxWaiting {
		return Clip{}, errs.E(errs.Unavailable, "recording.clips_wait", "%d clips are waiting to be made: wait for them", waiting)
	}
	c = Clip{
		ID: uuid.Must(uuid.NewV7()).String(), Stream: c.Stream, Camera: d.Name, From: c.From, To: c.To, Reference: c.Reference, Mute: c.Mute, Burn: c.Burn, State: Making, Files: []ClipFile{}, Gaps: []Gap{},
		OrgID: r.Org, OrgName: r.Name, Yours: true, Author: a.ID, AuthorName: a.Name, CreatedAt: now, Expires: now.Add(s.KeepClips),
	}
	e := event.New(ctx, EventClipOrdered, c.Stream, d.Division, c)
	if err := s.change(ctx, &e, func(ctx context.Context) error { return s.Store.AddClip(ctx, c) }); err != nil {
		return Clip{}, err
	}
	s.clips.Wake()
	return c, nil
}

// Clips lists those of cameras that the actor may see, the newest first.
func (s *Service) Clips(ctx context.Context) ([]Clip, error) {
	r, err := s.Desks.Reach(ctx, actor.VideoExport)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Clips(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	s.mu.Lock()
	current := s.making
	s.mu.Unlock()
	out := []Clip{}
	for _, c := range list {
		if _, ok := s.Devices.Visible(ctx, c.Stream); ok && now.Before(c.Expires) {
			if c.ID == current.id {
				c.Percent = current.percent
			}
			c.Yours = r.Has(c.OrgID)
			out = append(out, c)
		}
	}
	return out, nil
}

func (s *Service) clip(ctx context.Context, id string) (Clip, string, error) {
	if _, err := actor.Require(ctx, actor.VideoExport); err != nil {
		return Clip{}, "", err
	}
	c, err := s.Store.Clip(ctx, id)
	if err != nil {
		return Clip{}, "", err
	}
	if d, ok := s.Devices.Visible(ctx, c.Stream); ok {
		return c, d.Division, nil
	}
	return Clip{}, "", errs.E(errs.NotFound, "recording.no_clip", "clip %.64s does not exist any more", id)
}

// Taken is a file that somebody takes away.
type Taken struct {
	Name string
	Size int64
	io.ReadCloser
}

// TakeClip opens a file of a clip, by its name, or its note when there is none; it is written down. The caller
// closes it.
func (s *Service) TakeClip(ctx context.Context, id, name string) (Taken, error) {
	c, division, err := s.clip(ctx, id)
	if err != nil {
		return Taken{}, err
	}
	told := ClipTaken{ID: c.ID, From: c.From, To: c.To, Reference: c.Reference, Name: name}
	if name == "" {
		told.Name = c.noteName()
	} else if at := slices.IndexFunc(c.Files, func(f ClipFile) bool { return f.Name == name }); at >= 0 {
		told.SHA256 = c.Files[at].SHA256
	} else {
		return Taken{}, errs.E(errs.NotFound, "recording.no_clip", "clip %.64s has no such file", id)
	}
	if c.State != Made {
		return Taken{}, errs.E(errs.Conflict, "recording.clip_not_made", "the clip is not made yet")
	}
	in, err := os.Open(s.clipPath(c.ID, told.Name))
	if errors.Is(err, os.ErrNotExist) {
		return Taken{}, errs.Wrap(err, errs.NotFound, "recording.no_clip", "the file of this clip is missing: order it again")
	}
	if err != nil {
		return Taken{}, fmt.Errorf("read clip: %w", err)
	}
	info, err := in.Stat()
	if err == nil {
		e := event.New(ctx, EventClipTaken, c.Stream, division, told)
		err = s.change(ctx, &e, func(context.Context) error { return nil })
	}
	if err != nil {
		return Taken{}, errors.Join(err, in.Close())
	}
	return Taken{told.Name, info.Size(), in}, nil
}

// RemoveClip deletes a clip before it expires, or stops one that is being made. It is for the desk that ordered it, and
// those above.
func (s *Service) RemoveClip(ctx context.Context, id string) error {
	c, division, err := s.clip(ctx, id)
	if err != nil {
		return err
	}
	if err := s.mine(ctx, actor.VideoExport, c.OrgID, c.OrgName); err != nil {
		return err
	}
	e := event.New(ctx, EventClipRemoved, c.Stream, division, c)
	if err := s.change(ctx, &e, func(ctx context.Context) error { return s.Store.RemoveClip(ctx, c.ID) }); err != nil {
		return err
	}
	s.mu.Lock()
	if s.making.id == id {
		s.making.cancel()
	}
	s.mu.Unlock()
	return s.dropClip(id)
}

func (s *Service) dropClip(id string) error {
	if err := os.RemoveAll(s.clipPath(id)); err != nil {
		return fmt.Errorf("remove clip: %w", err)
	}
	return nil
}

// lookClips makes the clips that wait, and removes those that expired and folders that nobody knows.
func (s *Service) lookClips(ctx context.Context, now time.Time) error {
	for ctx.Err() == nil {
		list, err := s.Store.Clips(ctx)
		if err != nil {
			return err
		}
		known := map[string]bool{}
		var next *Clip
		for _, c := range list {
			if !now.Before(c.Expires) {
				if err := s.Store.RemoveClip(ctx, c.ID); err != nil {
					return err
				}
				continue
			}
			known[c.ID] = true
			if c.State == Making { // the newest stands first
				next = &c
			}
		}
		dirs, _ := os.ReadDir(filepath.Join(s.Dir, clipDir)) // not there before the first
		for _, d := range dirs {
			if !known[d.Name()] {
				if err := s.dropClip(d.Name()); err != nil {
					return err
				}
			}
		}
		if next == nil {
			return nil
		}
		if err := s.makeClip(ctx, *next); err != nil {
			return err
		}
	}
	return nil
}

// makeClip makes one and writes down what came of it. A stop of the centre leaves it to the next start.
func (s *Service) makeClip(ctx context.Context, c Clip) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	s.making = making{id: c.ID, cancel: cancel}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.making = making{}
		s.mu.Unlock()
	}()
	err := s.cutClip(inner, &c)
	if ctx.Err() != nil {
		return nil // it is stopping
	}
	if inner.Err() != nil { // somebody removed it
		return s.dropClip(c.ID)
	}
	now := event.Stamp(time.Now())
	c.State, c.MadeAt, c.Expires = Made, &now, now.Add(s.KeepClips)
	if err != nil {
		s.Log.ErrorContext(ctx, "clip is not made", "clip", c.ID, "stream", c.Stream, "error", err)
		c.State, c.Trouble, c.Files = ClipFailed, troubleOf(err), []ClipFile{}
	} else if err = os.WriteFile(s.clipPath(c.ID, c.noteName()), []byte(c.note(s.Burner.Watermark)), 0o640); err == nil { //nolint:gosec // as the films
		err = run.SyncDir(s.clipPath(c.ID))
	}
	if err != nil && c.State == Made {
		s.Log.ErrorContext(ctx, "note of a clip is not written", "clip", c.ID, "error", err)
		c.State, c.Trouble, c.Files = ClipFailed, NotWritten, []ClipFile{}
	}
	if c.State == ClipFailed {
		if err := s.dropClip(c.ID); err != nil {
			return err
		}
	}
	d, _ := s.Devices.Visible(ctx, c.Stream)
	e := event.New(ctx, EventClipMade, c.Stream, d.Division, c)
	err = s.change(ctx, &e, func(ctx context.Context) error { return s.Store.ChangeClip(ctx, c) })
	if errs.KindOf(err) == errs.NotFound { // removed in this moment
		return s.dropClip(c.ID)
	}
	return err
}

var (
	errNothing = errors.New("what was recorded has gone meanwhile")
	errNoRoom  = errors.New("the disk of recordings has too little left")
)

func troubleOf(err error) Trouble {
	switch {
	case errors.Is(err, errNothing):
		return NoPictures
	case errors.Is(err, errNoRoom):
		return NoRoom
	case errs.KindOf(err) == errs.Unavailable:
		return NoBucket
	default:
		return NotWritten
	}
}

// cutClip writes the files of a clip.
func (s *Service) cutClip(ctx context.Context, c *Clip) error {
	if err := s.dropClip(c.ID); err != nil { // what a kill left
		return err
	}
	if err := os.MkdirAll(s.clipPath(c.ID), 0o750); err != nil {
		return fmt.Errorf("write clip: %w", err)
	}
	list, err := s.segments(ctx, c.Stream, c.From, c.To)
	if err != nil {
		return err
	}
	in := &films{open: func(file string) (source, error) { return s.find(ctx, file) }}
	defer func() { _ = in.Close() }()
	parts, missing, err := s.cuts(ctx, list, c.From, c.To, c.Mute, in)
	if err != nil {
		return err
	}
	if len(parts) == 0 {
		return errNothing
	}
	c.Gaps = missing
	total := int64(0)
	for _, p := range parts {
		total += p.pack.Bytes()
	}
	share := 100.0
	need := total
	if c.Burn {
		share, need = 10, 3*total
	}
	if u, err := s.usage(ctx); err != nil || u.Free-need < s.Reserve {
		return errors.Join(err, errNoRoom)
	}
	before := int64(0)
	for i, p := range parts {
		name := fmt.Sprintf("%s_%d.mp4", c.base(), i+1)
		if err := p.write(ctx, s.clipPath(c.ID, name), func(n int64) { s.progress(share * float64(before+n) / float64(total)) }); err != nil {
			return err
		}
		before += p.pack.Bytes()
		c.Files = append(c.Files, p.file)
	}
	if c.Burn {
		s.burnClip(ctx, c)
	}
	return ctx.Err()
}

// burnClip adds copies with time and watermark. Without them the clip stands all the same.
func (s *Service) burnClip(ctx context.Context, c *Clip) {
	seconds, before := 0.0, 0.0
	for _, f := range c.Files {
		seconds += f.Seconds
	}
	for i, f := range slices.Clone(c.Files) {
		name := fmt.Sprintf("%s_%d_time.mp4", c.base(), i+1)
		mark := s.Burner.Watermark + " " + c.AuthorName + " " + china(c.CreatedAt).Format("2006-01-02") + " " + c.ID[len(c.ID)-12:]
		err := s.Burner.burn(ctx, s.clipPath(c.ID), f, name, c.Camera, mark, func(at float64) { s.progress(10 + 90*(before+at)/seconds) })
		if err == nil {
			f.Name, f.Burned = name, true
			f.Bytes, f.SHA256, err = hashed(s.clipPath(c.ID, name))
		}
		if err != nil {
			if ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "time is not burned into a clip", "clip", c.ID, "error", err)
			}
			c.Trouble = NotBurned
			_ = os.Remove(s.clipPath(c.ID, name)) // half a film
			return
		}
		c.Files = append(c.Files, f)
		before += f.Seconds
	}
}

func (s *Service) progress(percent float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.making.percent = max(0, min(99, int(percent)))
}
