package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/fengsui/fengsui/shared/testserver/dome"
)

// Control is a small HTTP server by which tests set values and cut devices. It answers on loopback only.
type Control struct {
	Sim    *Sim
	Listen string

	server *http.Server
	addr   string
	failed chan error
}

// Start listens.
func (c *Control) Start(ctx context.Context) error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("control address %s: %w", c.Listen, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("control address %s is not on loopback", c.Listen)
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen for control: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", c.state)
	mux.HandleFunc("POST /devices/{id}/values", c.values)
	mux.HandleFunc("POST /devices/{id}/cut", c.cut)
	mux.HandleFunc("POST /devices/{id}/restore", c.restore)
	mux.HandleFunc("POST /devices/{id}/damage", c.damage)
	mux.HandleFunc("POST /devices/{id}/clip", c.clip)
	c.addr, c.failed = ln.Addr().String(), make(chan error, 1)
	c.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { c.failed <- c.server.Serve(ln) }()
	return nil
}

// Addr is where it listens.
func (c *Control) Addr() string { return c.addr }

// Stop ends it.
func (c *Control) Stop(ctx context.Context) error {
	err := c.server.Shutdown(ctx)
	if served := <-c.failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// State is what GET /state answers.
type State struct {
	Notice string                       `json:"notice"`
	Reads  map[string]map[string]uint64 `json:"reads"` // how often each property was read
	Acked  map[string]uint64            `json:"acked"` // messages of simple sensors and stations that were acknowledged
	Made   map[string]uint64            `json:"made"`  // messages of stations, acknowledged or not

	Watching map[string]int `json:"watching"` // sessions that each camera plays to
	Spoken   map[string]int `json:"spoken"`   // packets of sound that came for each camera's loudspeaker

	Outputs map[string]map[string]bool `json:"outputs"` // how each siren and relay stands
	Domes   map[string]Look            `json:"domes"`   // where each dome looks
}

// Look is how a dome stands.
type Look struct {
	dome.View
	Moving bool     `json:"moving"`
	Asked  []string `json:"asked"` // what it was asked so far
}

func (c *Control) state(w http.ResponseWriter, _ *http.Request) {
	s := State{Notice: Notice, Reads: map[string]map[string]uint64{}, Acked: map[string]uint64{}, Made: map[string]uint64{}, Watching: map[string]int{}, Spoken: map[string]int{}}
	s.Outputs, s.Domes = map[string]map[string]bool{}, map[string]Look{}
	for id, sources := range c.Sim.sources {
		s.Reads[id] = map[string]uint64{}
		for property, source := range sources {
			s.Reads[id][property] = source.Reads()
		}
	}
	for id, sensor := range c.Sim.sensors {
		s.Acked[id] = sensor.Acked()
	}
	for id, station := range c.Sim.station {
		s.Acked[id], s.Made[id] = station.Acked(), station.Made()
	}
	for _, camera := range c.Sim.Config.RTSP.Cameras {
		s.Watching[camera.ID] = c.Sim.cameras.Readers(camera.ID)
		if camera.Speaker {
			s.Spoken[camera.ID] = c.Sim.cameras.Spoken(camera.ID)
		}
	}
	for id, outputs := range c.Sim.outputs {
		s.Outputs[id] = outputs()
	}
	for id, d := range c.Sim.domes {
		s.Domes[id] = Look{d.View(), d.Moving(), d.Asked()}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(s); err != nil {
		c.Sim.Log.Debug("write state", "error", err)
	}
}

// values takes {"water_level": 5.4}; null lets the wave go on.
func (c *Control) values(w http.ResponseWriter, r *http.Request) {
	var values map[string]*float64
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&values); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for property, value := range values {
		if err := c.Sim.Hold(r.PathValue("id"), property, value); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// clip takes {"clip": "sluice-small.h264"}: the camera goes on with it.
func (c *Control) clip(w http.ResponseWriter, r *http.Request) {
	var what struct {
		Clip string `json:"clip"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<12)).Decode(&what)
	if err == nil {
		err = c.Sim.Show(r.PathValue("id"), what.Clip)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (c *Control) cut(w http.ResponseWriter, r *http.Request)     { answer(w, r, c.Sim.Cut) }
func (c *Control) restore(w http.ResponseWriter, r *http.Request) { answer(w, r, c.Sim.Restore) }
func (c *Control) damage(w http.ResponseWriter, r *http.Request)  { answer(w, r, c.Sim.Damage) }

func answer(w http.ResponseWriter, r *http.Request, do func(context.Context, string) error) {
	if err := do(r.Context(), r.PathValue("id")); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
