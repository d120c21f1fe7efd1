package app

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/bucket"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/ingest"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/sfu"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

// recordingDir is the folder of films in the data folder.
const recordingDir = "recordings"

// recording begins to keep pictures; it is nil when there are none.
func (c *Centre) recording(ctx context.Context, cfg config.Config, b *base, devices *device.Service, seen *cameras, in *ingest.Ingest, router *sfu.SFU, pictures *video.Service, incidents *incident.Service) (*recording.Service, error) {
	if pictures == nil {
		return nil, nil //nolint:nilnil // switched off by configuration
	}
	dir := cmp.Or(cfg.Recording.Dir, filepath.Join(cfg.Data, recordingDir))
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make folder of recordings: %w", err)
	}
	shelf, rule, err := c.shelf(cfg.Recording.Bucket)
	if err != nil {
		return nil, err
	}
	s := recording.New(recording.Options{
		Store: store.NewRecordings(b.db), Tx: b.db, Devices: seen, Desks: whose{incident.Desks{Accounts: b.accounts}}, Taps: router, LastPicture: func(stream string) time.Time { return router.Flow(stream).Last }, Leases: pictures, Sender: in, Reporter: devices, Cases: filmed{store.NewIncidents(b.db), incidents}, Events: b.bus, Log: c.log.With("component", "recording"), Sittings: seen.Sittings,
		Shelf: shelf, Moving: rule,
		Dir: dir, Quota: int64(cfg.Recording.Quota) << 30, Reserve: int64(cfg.Recording.Reserve) << 20,
		Rule:      recording.SceneRule{Begin: recording.Beginning(cfg.Recording.Incidents), Near: cfg.Recording.Near, Most: cfg.Recording.NearMost},
		AlarmRule: recording.AlarmRule{Within: cfg.Recording.AlarmNear, Pictures: cfg.Recording.AlarmPictures},
		Preroll:   time.Duration(cfg.Recording.Preroll) * time.Second,
		Burner:    recording.Burner{Program: cfg.Recording.Burn, Watermark: cfg.Recording.Watermark}, KeepClips: time.Duration(cfg.Recording.ClipDays) * 24 * time.Hour,
	})
	system := actor.WithSystem(ctx, "recording")
	b.bus.Handle(s.OnEvent(func(e event.Event) (recording.Alarm, bool) {
		a, ok := e.Data.(telemetry.Alarm)
		if !ok || (e.Kind != telemetry.AlarmOpened && e.Kind != telemetry.AlarmReopened) {
			return recording.Alarm{}, false
		}
		english := a.DeviceName
		if d, ok := devices.Visible(system, a.Device); ok {
			english = cmp.Or(d.NameEN, english)
		}
		return recording.Alarm{ID: a.ID, Device: a.Device, At: a.OpenedAt, Title: a.DeviceName + " " + a.RuleName, TitleEN: english + " " + cmp.Or(a.RuleNameEN, a.RuleName), Level: a.Level}, true
	}))
	b.bus.Handle(func(_ context.Context, e event.Event) {
		if r, ok := e.Data.(wire.CommandResult); ok && e.Kind == device.EventResult {
			s.Result(r)
		}
	})
	if err := s.Start(ctx); err != nil {
		return nil, err
	}
	c.parts.Add("recording", s.Stop)
	return s, nil
}

// media are pictures and films as incidents take them; nil when there are none.
func media(kept *recording.Service) incident.Media {
	if kept == nil {
		return nil
	}
	return kept
}

// pictured are snapshots that reports may name; nil when there are none.
func pictured(kept *recording.Service) report.Pictures {
	if kept == nil {
		return nil
	}
	return exhibits{kept}
}

// exhibits are snapshots as reports name them.
type exhibits struct{ kept *recording.Service }

func (e exhibits) Picture(ctx context.Context, id string) (report.Picture, error) {
	p, err := e.kept.Shown(ctx, id)
	return report.Picture{ID: p.ID, Type: p.Type, SHA256: p.SHA256, Camera: p.Camera, At: p.At, Note: p.Note, Verified: p.Verified}, err
}

func (e exhibits) Open(ctx context.Context, p report.Picture) (io.ReadCloser, int64, error) {
	return e.kept.Exhibit(ctx, p.ID, p.SHA256)
}

// shelf is the bucket to which recordings move; nil when they stay.
func (c *Centre) shelf(b config.Bucket) (recording.Shelf, recording.MoveRule, error) {
	if b.URL == "" {
		return nil, recording.MoveRule{}, nil
	}
	way, err := bucket.New(bucket.Options{URL: b.URL, Name: b.Name, Region: b.Region, Prefix: b.Prefix, KeyFile: b.KeyFile, CA: b.CA})
	if err != nil {
		return nil, recording.MoveRule{}, err
	}
	c.parts.Add("bucket", func(context.Context) error { way.Close(); return nil })
	return way, recording.MoveRule{Place: b.URL + " " + b.Name, After: time.Duration(b.After) * time.Minute, Quota: int64(b.Quota) << 30}, nil
}

// whose is the one rule of what belongs to whom, as recordings see it.
type whose struct{ incident.Desks }

// Reach implements recording.Desks.
func (w whose) Reach(ctx context.Context, p actor.Permission) (recording.Reach, error) {
	_, r, err := w.Desks.Reach(ctx, p)
	return recording.Reach{Org: r.Desk.ID, Name: r.Desk.Name, Has: r.Has}, err
}

// filmed is incidents as recordings see them. It reads what the centre itself asks for from the store.
type filmed struct {
	store     incident.Store
	incidents *incident.Service
}

// mergers is how many incidents may stand merged into one another, one after the other.
const mergers = 50

func (c filmed) of(ctx context.Context, i incident.Incident) (recording.Case, error) {
	root := i
	for range mergers {
		if root.State != incident.Merged {
			break
		}
		next, err := c.store.Incident(ctx, root.MergedInto)
		if err != nil {
			return recording.Case{}, err
		}
		root = next
	}
	return recording.Case{
		ID: i.ID, No: i.No, OrgID: i.OrgID, OrgName: i.OrgName, Title: i.Title, Open: root.State == incident.Open, Response: root.Response, Occurred: i.OccurredAt, Lon: i.Lon, Lat: i.Lat, Version: i.Version,
	}, nil
}

func (c filmed) Running(ctx context.Context) ([]recording.Case, error) {
	a, err := actor.Require(ctx, actor.IncidentRead)
	if err != nil {
		return nil, err
	}
	var out []recording.Case
	for r := (page.Request{Limit: page.MaxLimit}); ; {
		list, err := c.store.List(ctx, a.Scope(), incident.Filter{State: incident.Open}, r)
		if err != nil {
			return nil, err
		}
		for _, i := range list.Items {
			one, err := c.of(ctx, i)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
		if r.After = list.Next; r.After == "" {
			return out, nil
		}
	}
}

func (c filmed) Case(ctx context.Context, id string) (recording.Case, error) {
	i, err := c.store.Incident(ctx, id)
	if err != nil {
		return recording.Case{}, err
	}
	return c.of(ctx, i)
}

func (c filmed) May(ctx context.Context, id string) (recording.Case, error) {
	i, err := c.incidents.Get(ctx, id)
	if err != nil {
		return recording.Case{}, err
	}
	return c.of(ctx, i)
}

func (c filmed) Note(ctx context.Context, id, act, text string) error {
	_, o, err := c.incidents.Desks.Own(ctx, actor.IncidentRead)
	if err != nil {
		return err
	}
	return c.incidents.Record(ctx, id, o, incident.Step{Kind: incident.Filmed, Act: act, Text: text}, nil)
}
