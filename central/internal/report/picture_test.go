package report_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// gallery are kept snapshots of a camera that the county alone sees; the files say their ids.
type gallery struct {
	*store.Recordings
	sees func(a actor.Actor) bool
}

func (g gallery) Picture(ctx context.Context, id string) (report.Picture, error) {
	a, err := actor.Require(ctx, actor.VideoReplay)
	if err != nil {
		return report.Picture{}, err
	}
	p, err := g.Snapshot(ctx, id)
	if err == nil && !g.sees(a) {
		err = errs.E(errs.NotFound, "recording.no_snapshot", "not seen")
	}
	return report.Picture{ID: p.ID, Type: p.Type, SHA256: p.SHA256, Camera: p.Camera, At: p.At, Note: p.Note}, err
}

func (g gallery) Open(_ context.Context, p report.Picture) (io.ReadCloser, int64, error) {
	return io.NopCloser(bytes.NewReader([]byte(p.ID))), int64(len(p.ID)), nil
}

func (g gallery) keep(t *testing.T, id string) {
	t.Helper()
	p := recording.Snapshot{ID: id, Stream: "rd-cam-1", Camera: "洋口外闸", At: time.Now().UTC(), Origin: recording.OfLive, Type: "image/jpeg", Width: 16, Height: 9, Bytes: 1, SHA256: strings.Repeat("ab", 32), CreatedAt: time.Now().UTC(), File: id}
	if err := g.AddSnapshot(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

// A picture is chosen by who sees its camera, is read by who may read the report and nobody else, goes on with the
// report and stays while one names it.
func TestPicturesGoWithAReportAndStay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		county, city, neighbour := r.as("county", account.RoleDuty), r.as("city", account.RoleDuty), r.as("neighbour", account.RoleDuty)
		g := gallery{store.NewRecordings(db), func(a actor.Actor) bool { return a.DivisionCode == "320623" }}
		r.Pictures = g
		for _, id := range []string{"p1", "p2", "p3", "p4", "p5", "p6", "p7"} {
			g.keep(t, id)
		}
		i := r.fire(county)
		v, err := r.Begin(county, i.ID, "")
		r.must(err)
		for _, bad := range []string{"p1 p2 p3 p4 p5 p6 p7", "p1 none"} {
			if _, err := r.Save(county, v.ID, edits("pictures", "", bad)); errs.KindOf(err) != errs.Invalid {
				t.Errorf("took %q: %v", bad, err)
			}
		}
		saved, err := r.Save(county, v.ID, edits("unit", "", "某化工公司（演示）", "pictures", "", "p1 p2"))
		r.must(err)
		if len(saved.Pictures) != 2 {
			t.Fatalf("pictures are %+v", saved.Pictures)
		}
		saved, err = r.Save(county, v.ID, edits("pictures", "p1 p2", "p2"))
		r.must(err)
		if err := g.RemoveSnapshot(t.Context(), "p2"); err == nil {
			t.Error("a picture that a report names was removed")
		}
		r.must(g.RemoveSnapshot(t.Context(), "p1")) // it was let go
		if p, err := g.Snapshot(t.Context(), "p2"); err != nil || !p.Named {
			t.Errorf("the snapshot does not say that a report names it: %+v %v", p, err)
		}
		if _, _, _, err := r.Picture(city, v.ID, "p2"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the city sees a picture of a draft: %v", err)
		}
		sent, err := r.Send(county, v.ID, report.Sending{Version: saved.Version, Signer: "李县长", How: "oral"})
		r.must(err)
		if _, in, _, err := r.Picture(city, v.ID, "p2"); err != nil {
			t.Errorf("the city does not see the picture: %v", err)
		} else if text, _ := io.ReadAll(in); string(text) != "p2" {
			t.Errorf("the picture is %q", text)
		}
		for who, ctx := range map[string]context.Context{"neighbour": neighbour, "nobody": t.Context()} {
			if _, _, _, err := r.Picture(ctx, v.ID, "p2"); err == nil {
				t.Errorf("%s sees the picture", who)
			}
		}
		if _, _, _, err := r.Picture(city, v.ID, "p3"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a picture that the report does not name is shown by it: %v", err)
		}
		on, err := r.Forward(city, sent.Hops[0].ID)
		if errs.KindOf(err) == errs.Conflict {
			_, err = r.Accept(city, sent.Hops[0].ID)
			r.must(err)
			on, err = r.Forward(city, sent.Hops[0].ID)
		}
		r.must(err)
		if len(on.Pictures) != 1 || on.Pictures[0].ID != "p2" {
			t.Errorf("what the city passes on has %+v", on.Pictures)
		}
		kept, err := g.Snapshot(t.Context(), "p2")
		r.must(err)
		when := kept.At.In(time.FixedZone("CST", 8*3600)).Format("2006年1月2日15时04分05秒") + "（北京时间）"
		paper, err := r.Paper(county, r.orgs["county"], v.ID)
		r.must(err)
		if !strings.Contains(paper.Text, "附图\n【图 abababababab】图一：洋口外闸，"+when) || len(paper.Pictures) != 1 || paper.Pictures[0].SHA256 != strings.Repeat("ab", 32) {
			t.Errorf("the paper says %s", paper.Text)
		}
		r.must(r.Discard(city, on.ID))
	})
}
