package app

import (
	"context"
	"testing"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/config"
	"github.com/fengsui/fengsui/edge/internal/ring"
)

type anySound struct{}

func (anySound) Run(context.Context, func(camera.Sound)) {}

// Voices of people are not recorded unless somebody has decided so.
func TestNoSoundIsRecordedUnlessItIsToBe(t *testing.T) {
	cfg := config.Default()
	cameras := []camera.Options{{ID: "cam-1", Sound: true}, {ID: "cam-2", Sound: true}}
	sounds := map[string]ring.Sound{"cam-2": anySound{}}
	for _, one := range recordedCameras(&cfg, cameras, sounds) {
		if one.Hears || one.Sound != nil {
			t.Errorf("%s is recorded with sound", one.ID)
		}
	}
	cfg.Ring.Mute = false
	got := recordedCameras(&cfg, cameras, sounds)
	if len(got) != 2 || !got[0].Hears || got[0].Sound != nil || got[1].Sound == nil {
		t.Errorf("unmuted: %+v", got)
	}
}
