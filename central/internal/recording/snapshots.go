package recording

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/run"
)

const (
	snapshotDir = ".snapshots"
	filmType    = "video/mp4"
)

// KeepSnapshot keeps a picture that somebody froze: stream, moment, origin, reference and note of p, and a whole
// JPEG or PNG.
func (s *Service) KeepSnapshot(ctx context.Context, p Snapshot, text []byte) (Snapshot, error) {
	may := actor.VideoWatch
	if p.Origin == OfReplay {
		may = actor.VideoReplay
	}
	a, d, err := s.visible(ctx, p.Stream, may)
	if err != nil {
		return Snapshot{}, err
	}
	if p.Reference != "" { // age would never take it
		if _, err := actor.Require(ctx, actor.VideoRecord); err != nil {
			return Snapshot{}, err
		}
	}
	r, err := s.Desks.Reach(ctx, may)
	if err != nil {
		return Snapshot{}, err
	}
	now := time.Now()
	if err := p.check(now); err != nil {
		return Snapshot{}, err
	}
	if !s.unhurried(a.ID, now) {
		return Snapshot{}, errs.E(errs.Unavailable, "recording.snapshots_often", "60 snapshots a minute are kept for one person at most: wait a moment")
	}
	kind, width, height, err := decode(text)
	if err != nil {
		return Snapshot{}, err
	}
	verified, err := s.showed(ctx, p)
	if err != nil {
		return Snapshot{}, err
	}
	p = Snapshot{Verified: verified, Stream: p.Stream, At: p.At, Origin: p.Origin, Reference: p.Reference, Note: p.Note, Type: kind, Width: width, Height: height, OrgID: r.Org, OrgName: r.Name, Yours: true, Author: a.ID, AuthorName: a.Name}
	return s.addSnapshot(ctx, p, d, text)
}

// unhurried reports whether somebody may keep one more picture, and counts it.
func (s *Service) unhurried(user string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := func(t time.Time) bool { return now.Sub(t) >= time.Minute }
	for one, list := range s.frozen { // those who kept none for a minute are forgotten
		if list = slices.DeleteFunc(list, old); len(list) == 0 {
			delete(s.frozen, one)
		} else {
			s.frozen[one] = list
		}
	}
	if len(s.frozen[user]) >= snapshotsOften {
		return false
	}
	s.frozen[user] = append(s.frozen[user], now)
	return true
}

const (
	aroundAt  = 5 * time.Second
	frozenFor = 10 * time.Minute // somebody may draw on a picture before it is kept
)

// showed reports whether there was something to be seen of a camera when a picture is said to be of: what the picture
// shows is known to who sent it alone.
func (s *Service) showed(ctx context.Context, p Snapshot) (bool, error) {
	if p.Origin == OfLive && s.LastPicture != nil {
		last := s.LastPicture(p.Stream)
		if !last.IsZero() && p.At.Before(last.Add(aroundAt)) && p.At.After(last.Add(-frozenFor)) {
			return true, nil
		}
	}
	list, err := s.segments(ctx, p.Stream, p.At.Add(-aroundAt), p.At.Add(aroundAt))
	return len(list) > 0, err
}

// addSnapshot writes the file aside, then the row, then puts the file in its place: what a kill leaves in between is
// found aside at the next start (sweepSnapshots), and there is never a row without a file.
func (s *Service) addSnapshot(ctx context.Context, p Snapshot, d device.Device, text []byte) (Snapshot, error) {
	if s.isFull() {
		return Snapshot{}, errs.E(errs.Unavailable, "recording.full", "there is no room for recordings")
	}
	sum := sha256.Sum256(text)
	p.ID, p.Camera, p.Bytes, p.SHA256 = uuid.Must(uuid.NewV7()).String(), d.Name, int64(len(text)), hex.EncodeToString(sum[:])
	p.At, p.CreatedAt = p.At.UTC().Truncate(time.Millisecond), event.Stamp(time.Now())
	p.File = filepath.Join(snapshotDir, p.CreatedAt.Format(time.DateOnly), p.ID+map[string]string{"image/jpeg": ".jpg", "image/png": ".png", filmType: ".mp4"}[p.Type])
	aside := s.aside(p)
	if err := os.MkdirAll(filepath.Dir(aside), 0o750); err != nil {
		return Snapshot{}, fmt.Errorf("keep snapshot: %w", err)
	}
	if err := writeSynced(aside, text); err != nil {
		return Snapshot{}, fmt.Errorf("keep snapshot: %w", err)
	}
	e := event.New(ctx, EventSnapshot, p.Stream, d.Division, p)
	if err := s.change(ctx, &e, func(ctx context.Context) error { return s.Store.AddSnapshot(ctx, p) }); err != nil {
		return Snapshot{}, errors.Join(err, os.Remove(aside))
	}
	return p, s.settleSnapshot(p)
}

// asideDir is the folder of snapshots whose rows are not there yet.
const asideDir = ".new"

func (s *Service) aside(p Snapshot) string {
	return filepath.Join(s.Dir, snapshotDir, asideDir, filepath.Base(p.File))
}

func (s *Service) settleSnapshot(p Snapshot) error {
	path := filepath.Join(s.Dir, p.File)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("keep snapshot: %w", err)
	}
	if err := os.Rename(s.aside(p), path); err != nil {
		return fmt.Errorf("keep snapshot: %w", err)
	}
	return run.SyncDir(filepath.Dir(path))
}

// sweepSnapshots puts what a kill left aside in its place, and removes what has no row. It touches nothing else: after
// a restored backup there are files that the database does not know and somebody may still want.
func (s *Service) sweepSnapshots(ctx context.Context) error {
	list, err := os.ReadDir(filepath.Join(s.Dir, snapshotDir, asideDir))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweep snapshots: %w", err)
	}
	for _, e := range list {
		p, err := s.Store.Snapshot(ctx, strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())))
		switch {
		case err == nil:
			err = s.settleSnapshot(p)
		case errs.KindOf(err) == errs.NotFound:
			s.Log.InfoContext(ctx, "picture that a kill left without its row is removed", "file", e.Name())
			err = os.Remove(filepath.Join(s.Dir, snapshotDir, asideDir, e.Name()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeSynced writes a file that is on the disk once it returns.
func writeSynced(path string, text []byte) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return errors.Join(err, synced{out}.Close(), run.SyncDir(filepath.Dir(path)))
}

// Snapshots lists those of cameras that the actor may see, the newest first, at most 500.
func (s *Service) Snapshots(ctx context.Context, f SnapshotFilter) ([]Snapshot, error) {
	r, err := s.Desks.Reach(ctx, actor.VideoReplay)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Snapshots(ctx, f)
	if err != nil {
		return nil, err
	}
	out := []Snapshot{}
	for _, p := range list {
		if _, ok := s.Devices.Visible(ctx, p.Stream); ok && len(out) < snapshotsListed {
			p.Yours = p.OrgID == "" || r.Has(p.OrgID)
			out = append(out, p)
		}
	}
	return out, nil
}

func (s *Service) snapshot(ctx context.Context, id string, may actor.Permission) (Snapshot, device.Device, error) {
	if _, err := actor.Require(ctx, may); err != nil {
		return Snapshot{}, device.Device{}, err
	}
	p, err := s.Store.Snapshot(ctx, id)
	if err != nil {
		return p, device.Device{}, err
	}
	d, ok := s.Devices.Visible(ctx, p.Stream)
	if !ok {
		return p, d, errs.E(errs.NotFound, "recording.no_snapshot", "snapshot %.64s is not there any more", id)
	}
	return p, d, nil
}

// Shown is a snapshot of a camera that the actor may see.
func (s *Service) Shown(ctx context.Context, id string) (Snapshot, error) {
	p, _, err := s.snapshot(ctx, id, actor.VideoReplay)
	return p, err
}

// Exhibit opens the file of a snapshot for what names it, for the centre alone: that one asks who may see it. The
// camera may be gone by then.
func (s *Service) Exhibit(ctx context.Context, id, sum string) (io.ReadCloser, int64, error) {
	if a, err := actor.Require(ctx, actor.VideoReplay); err != nil {
		return nil, 0, err
	} else if a.Kind != actor.System {
		return nil, 0, errs.E(errs.Denied, "recording.not_yours", "only the centre opens what reports name")
	}
	p, err := s.Store.Snapshot(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	text, err := os.ReadFile(filepath.Join(s.Dir, p.File))
	if errors.Is(err, os.ErrNotExist) {
		return nil, 0, errs.Wrap(err, errs.NotFound, "recording.no_snapshot", "the file of this snapshot is missing")
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read snapshot: %w", err)
	}
	if got := sha256.Sum256(text); hex.EncodeToString(got[:]) != sum {
		return nil, 0, errs.E(errs.Conflict, "recording.snapshot_changed", "the file of this snapshot is not the one that was kept")
	}
	return io.NopCloser(bytes.NewReader(text)), int64(len(text)), nil
}

// Picture opens the file of a snapshot. To take it away needs the permission for clips and is written down. The
// caller closes it.
func (s *Service) Picture(ctx context.Context, id string, away bool) (Snapshot, Taken, error) {
	may := actor.VideoReplay
	if away {
		may = actor.VideoExport
	}
	p, d, err := s.snapshot(ctx, id, may)
	if err != nil {
		return p, Taken{}, err
	}
	in, err := os.Open(filepath.Join(s.Dir, p.File))
	if errors.Is(err, os.ErrNotExist) {
		return p, Taken{}, errs.Wrap(err, errs.NotFound, "recording.no_snapshot", "the file of this snapshot is missing")
	}
	if err != nil {
		return p, Taken{}, fmt.Errorf("read snapshot: %w", err)
	}
	if away {
		e := event.New(ctx, EventSnapshotTaken, p.Stream, d.Division, p)
		if err := s.change(ctx, &e, func(context.Context) error { return nil }); err != nil {
			return p, Taken{}, errors.Join(err, in.Close())
		}
	}
	return p, Taken{p.Stream + "_" + china(p.At).Format("20060102-150405") + filepath.Ext(p.File), p.Bytes, in}, nil
}

// ChangeSnapshot writes for which incident or file a snapshot is held, and what it shows. Without a reference age
// decides again. It is for the desk that kept it, and those above.
func (s *Service) ChangeSnapshot(ctx context.Context, id, reference, note string) (Snapshot, error) {
	p, d, err := s.snapshot(ctx, id, actor.VideoRecord)
	if err != nil {
		return Snapshot{}, err
	}
	if err := s.mine(ctx, actor.VideoRecord, p.OrgID, p.OrgName); err != nil {
		return Snapshot{}, err
	}
	if p.OrgID == "" { // from now on it is theirs
		r, err := s.Desks.Reach(ctx, actor.VideoRecord)
		if err != nil {
			return Snapshot{}, err
		}
		p.OrgID, p.OrgName = r.Org, r.Name
	}
	p.Reference, p.Note, p.Yours = reference, note, true
	if err := p.checkWords(); err != nil {
		return Snapshot{}, err
	}
	e := event.New(ctx, EventSnapshotHeld, p.Stream, d.Division, p)
	return p, s.change(ctx, &e, func(ctx context.Context) error { return s.Store.ChangeSnapshot(ctx, p) })
}

// RemoveSnapshot deletes one that is not held.
func (s *Service) RemoveSnapshot(ctx context.Context, id string) error {
	p, d, err := s.snapshot(ctx, id, actor.VideoRecord)
	if err != nil {
		return err
	}
	if err := s.mine(ctx, actor.VideoRecord, p.OrgID, p.OrgName); err != nil {
		return err
	}
	if p.Reference != "" {
		return errs.E(errs.Conflict, "recording.snapshot_held", "this snapshot is held: take its reference away first")
	}
	if p.Named {
		return errs.E(errs.Conflict, "recording.snapshot_named", "a report names this snapshot: it stays")
	}
	e := event.New(ctx, EventSnapshotGone, p.Stream, d.Division, p)
	if err := s.change(ctx, &e, func(ctx context.Context) error { return s.Store.RemoveSnapshot(ctx, p.ID) }); err != nil {
		return err
	}
	return s.dropSnapshot(p)
}

func (s *Service) dropSnapshot(p Snapshot) error {
	if err := os.Remove(filepath.Join(s.Dir, p.File)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove snapshot: %w", err)
	}
	return nil
}

// tidySnapshots removes what is too old or too many.
func (s *Service) tidySnapshots(ctx context.Context, now time.Time) error {
	list, err := s.Store.Snapshots(ctx, SnapshotFilter{})
	if err != nil {
		return err
	}
	for _, p := range stale(list, func(stream string) int { return s.policy(stream).KeepDays }, maxSnapshots, now) {
		if err := s.Store.RemoveSnapshot(ctx, p.ID); err != nil { // first the row: a report may have named it meanwhile
			return err
		}
		if err := s.dropSnapshot(p); err != nil {
			return err
		}
	}
	return nil
}
