package publisher_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/camera/cameratest"
	"github.com/fengsui/fengsui/edge/internal/publisher"
	"github.com/fengsui/fengsui/shared/wire"
)

// The smaller picture is a lease of its own: each of the two is open only while it is wanted, and one ends without the
// other.
func TestTheSmallerPictureIsOpenOnlyWhileItIsWanted(t *testing.T) {
	c, large, small := newCentre(t), cameratest.Start(t, ""), cameratest.Start(t, "")
	p := publisher.New(publisher.Options{
		Log: slog.New(slog.DiscardHandler), BaseURL: c.URL, Client: c.Client(),
		Cameras: []camera.Options{{ID: "cam-1", URL: large.URL, Sub: small.URL}, {ID: "cam-2", URL: large.URL}},
	})
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	sub := wire.MediaStart{Camera: "cam-1", Stream: "cam-1~sub", WHIP: "/whip/cam-1~sub", Token: "good", LeaseSeconds: 60, Layer: wire.LayerSub}
	ask(t, p, sub)
	eventually(t, "packets of the smaller one", func() bool { return c.arrived() > 20 })
	if s := p.States(); large.Viewers() != 0 || small.Viewers() != 1 || s[0].Sending || s[0].Sub == nil || !s[0].Sub.Sending || s[1].Sub != nil {
		t.Errorf("%d watch the large one, %d the smaller; states %+v", large.Viewers(), small.Viewers(), s)
	}
	ask(t, p, lease(60))
	eventually(t, "both are open", func() bool { return large.Viewers() == 1 && small.Viewers() == 1 && p.States()[0].Sending })
	if err := p.MediaStop("cam-1~sub"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the smaller one is closed", func() bool { return small.Viewers() == 0 && !p.States()[0].Sub.Sending })
	if large.Viewers() != 1 {
		t.Error("the large one ended with it")
	}
	for name, m := range map[string]struct {
		ask  wire.MediaStart
		want error
	}{
		"a camera without one": {wire.MediaStart{Camera: "cam-2", Stream: "cam-2~sub", WHIP: "/whip/x", LeaseSeconds: 9, Layer: wire.LayerSub}, publisher.ErrLayer},
		"an unknown layer":     {wire.MediaStart{Camera: "cam-1", Stream: "cam-1~x", WHIP: "/whip/x", LeaseSeconds: 9, Layer: "x"}, publisher.ErrLayer},
		"under another name":   {wire.MediaStart{Camera: "cam-1", Stream: "other", WHIP: "/whip/x", LeaseSeconds: 9}, publisher.ErrBusy},
		"under its name":       {wire.MediaStart{Camera: "cam-1", Stream: "cam-1", WHIP: "/whip/x", LeaseSeconds: 9, Layer: wire.LayerSub}, publisher.ErrBusy},
	} {
		if err := p.MediaStart(m.ask); !errors.Is(err, m.want) {
			t.Errorf("%s: %v, want %v", name, err, m.want)
		}
	}
}
