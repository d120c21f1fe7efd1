package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/pion/transport/v2"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/publisher"
	"github.com/fengsui/fengsui/edge/internal/recorder"
	"github.com/fengsui/fengsui/edge/internal/ring"
	"github.com/fengsui/fengsui/edge/internal/speaker"
	"github.com/fengsui/fengsui/edge/internal/uplink"
	"github.com/fengsui/fengsui/shared/wire"
)

// openSpeaker makes the speaker, when there is a player or a camera with a loudspeaker.
func (a *Agent) openSpeaker(p *agentParts, cameras []camera.Options, client *http.Client, network transport.Net) error {
	var horns []camera.Options
	for i, c := range a.cfg.Cameras {
		if c.Speaker {
			horns = append(horns, cameras[i])
		}
	}
	if len(a.cfg.Speaker.Command) == 0 && len(horns) == 0 {
		return nil
	}
	var err error
	p.speaker, err = speaker.New(speaker.Options{
		Log: a.log, Command: a.cfg.Speaker.Command, Cameras: horns, Volume: a.cfg.Speaker.Volume, File: filepath.Join(a.cfg.Data, "speaker.json"),
		BaseURL: a.cfg.Centre.URL, Client: client, Net: network, TCP: p.streamed, Changed: p.changed,
	})
	return err
}

// recorders are the microphones beside cameras, for what is sent and for what is kept.
func (a *Agent) recorders() (map[string]publisher.Sound, map[string]ring.Sound) {
	if len(a.cfg.Recorder.Command) == 0 {
		return nil, nil
	}
	r := recorder.New(a.cfg.Recorder.Command, a.log)
	return map[string]publisher.Sound{a.cfg.Recorder.Camera: r}, map[string]ring.Sound{a.cfg.Recorder.Camera: r}
}

// speakerState is how the speaker is; nil: there is none.
func (p *agentParts) speakerState() *wire.SpeakerState {
	if p.speaker == nil {
		return nil
	}
	return p.speaker.State()
}

// speakerCommands adds what the centre may tell the speaker. Speech is little beside a picture and is heard whatever
// the budget says.
func (p *agentParts) speakerCommands(o *uplink.Options) {
	if p.speaker == nil {
		return
	}
	o.Slow[wire.CommandTalk] = func(body json.RawMessage) (func(context.Context) error, error) {
		var m wire.TalkStart
		if err := json.Unmarshal(body, &m); err != nil {
			return nil, fmt.Errorf("read command: %w", err)
		}
		return p.speaker.Hear(m)
	}
	o.Commands[wire.CommandSpeaker] = func(_ context.Context, body json.RawMessage) error {
		var m wire.SpeakerSet
		if err := json.Unmarshal(body, &m); err != nil {
			return fmt.Errorf("read command: %w", err)
		}
		return p.speaker.Set(m)
	}
}
