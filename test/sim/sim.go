// Package sim is the simulated field: Modbus devices, satellite receivers, stations, IP cameras, simple
// sensors and relays, as one configuration describes them. The demo, the tests and the benchmarks run it as its own program.
// Rule that must never break: whatever it says is labelled 演示数据, and it listens on loopback only.
package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/testserver/dome"
	"github.com/fengsui/fengsui/test/sim/camera"
	"github.com/fengsui/fengsui/test/sim/modbus"
	"github.com/fengsui/fengsui/test/sim/nmea"
	"github.com/fengsui/fengsui/test/sim/relay"
	"github.com/fengsui/fengsui/test/sim/sensor"
	"github.com/fengsui/fengsui/test/sim/station"
	"github.com/fengsui/fengsui/test/sim/wave"
)

// Notice stands in everything that the simulator says.
const Notice = "演示数据"

// device is one part that can be started, and cut and restored while the rest goes on.
type device interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

// Sim is all of it.
type Sim struct {
	Config Config
	Log    *slog.Logger

	devices map[string]device
	sources map[string]map[string]*wave.Source // by device, property
	address map[string]func() string
	outputs map[string]func() map[string]bool
	cameras *camera.Server
	sensors map[string]*sensor.Sensor
	station map[string]*station.Station
	domes   map[string]*dome.Dome
	stops   []func(context.Context) error
}

// Start starts every device. When one cannot be started those before it are stopped.
func (s *Sim) Start(ctx context.Context) error {
	s.devices, s.sources = map[string]device{}, map[string]map[string]*wave.Source{}
	s.address, s.sensors, s.station = map[string]func() string{}, map[string]*sensor.Sensor{}, map[string]*station.Station{}
	s.outputs, s.domes = map[string]func() map[string]bool{}, map[string]*dome.Dome{}
	if s.Config.Epoch.IsZero() {
		s.Config.Epoch = time.Now()
	}
	if err := errors.Join(s.makeModbus(), s.makeSensors(), s.makeStations(), s.makeRelays()); err != nil {
		return err
	}
	s.makeNMEA()
	for _, c := range s.Config.Domes {
		d := dome.New(dome.Options{Listen: c.Listen, User: c.User, Password: c.Password, Key: s.key(c.Cameras)})
		s.devices[c.ID], s.domes[c.ID] = d, d
	}
	for id, d := range s.devices {
		if err := d.Start(ctx); err != nil {
			return errors.Join(fmt.Errorf("start %s: %w", id, err), s.Stop(ctx))
		}
		s.stops = append(s.stops, d.Stop)
	}
	if err := s.startCameras(ctx); err != nil {
		return errors.Join(err, s.Stop(ctx))
	}
	if err := s.followHeads(ctx); err != nil {
		return errors.Join(err, s.Stop(ctx))
	}
	return nil
}

// Stop stops what was started, last first.
func (s *Sim) Stop(ctx context.Context) error {
	var errs []error
	for _, stop := range slices.Backward(s.stops) {
		errs = append(errs, stop(ctx))
	}
	s.stops = nil
	return errors.Join(errs...)
}

func (s *Sim) makeModbus() error {
	for _, c := range s.Config.Modbus {
		sources := s.values(c.ID, c.Values)
		d, serial, err := registers(s.Config.FirmwareConfigs, c.Profile, sources)
		if err != nil {
			return fmt.Errorf("modbus %s: %w", c.ID, err)
		}
		d.Listen, d.Unit, d.Log = c.Listen, c.Unit, s.Log.With("device", c.ID)
		s.devices[c.ID], s.address[c.ID] = d, d.Addr
		if serial {
			r := &modbus.Serial{Device: d}
			s.devices[c.ID], s.address[c.ID] = r, r.Addr
		}
		if len(d.Outputs()) > 0 {
			s.outputs[c.ID] = d.Outputs
		}
	}
	return nil
}

func (s *Sim) makeNMEA() {
	for _, c := range s.Config.NMEA {
		track := nmea.Track{Speed: c.Speed}
		for _, p := range c.Track {
			track.Places = append(track.Places, nmea.Place{Lon: p[0], Lat: p[1]})
		}
		d := &nmea.Server{Listen: c.Listen, Every: c.Every, Track: track, Epoch: s.Config.Epoch, Log: s.Log.With("device", c.ID)}
		s.devices[c.ID], s.address[c.ID] = d, d.Addr
	}
}

func (s *Sim) makeSensors() error {
	for _, c := range s.Config.Sensors {
		token, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return fmt.Errorf("sensor %s: read token: %w", c.ID, err)
		}
		values := map[string]func(time.Time) float64{}
		for property, source := range s.values(c.ID, c.Values) {
			values[property] = source.Read
		}
		d := &sensor.Sensor{ID: c.ID, Broker: c.Broker, Token: strings.TrimSpace(string(token)), Every: c.Every, Values: values, Log: s.Log.With("device", c.ID)}
		s.devices[c.ID], s.sensors[c.ID] = d, d
	}
	return nil
}

func (s *Sim) makeStations() error {
	for _, c := range s.Config.Stations {
		profiles, err := profile.LoadDir(filepath.Join(s.Config.FirmwareConfigs, "profiles"))
		if err != nil {
			return err
		}
		p := profiles[c.Profile]
		if p == nil {
			return fmt.Errorf("station %s: no profile %s", c.ID, c.Profile)
		}
		values := map[string]func(time.Time) float64{}
		for property, source := range s.values(c.ID, c.Values) {
			if !station.Carries(p, property) {
				return fmt.Errorf("station %s: profile %s reports no %s", c.ID, c.Profile, property)
			}
			values[property] = source.Read
		}
		d := &station.Station{
			Dial: c.Dial, Name: c.Station, Password: c.Password, Profile: p, Every: c.Every, Step: c.Step, Values: values,
			Log: s.Log.With("device", c.ID),
		}
		s.devices[c.ID], s.station[c.ID] = d, d
	}
	return nil
}

func (s *Sim) makeRelays() error {
	for _, c := range s.Config.Relays {
		profiles, err := profile.LoadDir(filepath.Join(s.Config.FirmwareConfigs, "profiles"))
		if err != nil {
			return err
		}
		p := profiles[c.Profile]
		if p == nil || p.Protocol != profile.MQTTIn || len(p.Outputs) == 0 {
			return fmt.Errorf("relay %s: profile %q switches nothing over MQTT", c.ID, c.Profile)
		}
		r := &relay.Relay{ID: c.ID, Broker: c.Broker, Station: c.Station, Password: c.Password, Profile: p, Log: s.Log.With("device", c.ID)}
		s.devices[c.ID], s.outputs[c.ID] = r, r.Outputs
	}
	return nil
}

func (s *Sim) values(id string, waves map[string]wave.Wave) map[string]*wave.Source {
	out := map[string]*wave.Source{}
	for property, w := range waves {
		out[property] = &wave.Source{Wave: w, Epoch: s.Config.Epoch}
	}
	s.sources[id] = out
	return out
}

func (s *Sim) startCameras(ctx context.Context) error {
	if len(s.Config.RTSP.Cameras) == 0 {
		return nil
	}
	clips, read, sounds, speakers := map[string]*camera.Clip{}, map[string]*camera.Clip{}, map[string]bool{}, map[string]bool{}
	for _, c := range s.Config.RTSP.Cameras {
		if read[c.Clip] == nil {
			clip, err := s.load(c.Clip)
			if err != nil {
				return err
			}
			read[c.Clip] = clip
		}
		clips[c.ID], sounds[c.ID], speakers[c.ID] = read[c.Clip], c.Sound, c.Speaker
	}
	s.cameras = &camera.Server{Listen: s.Config.RTSP.Listen, Cameras: clips, Sounds: sounds, Speakers: speakers, Log: s.Log.With("device", "rtsp")}
	if err := s.cameras.Start(ctx); err != nil {
		return err
	}
	s.stops = append(s.stops, s.cameras.Stop)
	return nil
}

func (s *Sim) load(file string) (*camera.Clip, error) {
	if !filepath.IsAbs(file) {
		file = filepath.Join(s.Config.Clips, file)
	}
	return camera.Load(file)
}

// key has cameras send a key frame; nil: there are none.
func (s *Sim) key(cameras []string) func() {
	if len(cameras) == 0 {
		return nil
	}
	return func() {
		for _, id := range cameras {
			s.cameras.Key(id)
		}
	}
}

// Show has a camera go on with another clip.
func (s *Sim) Show(id, file string) error {
	if s.cameras == nil {
		return fmt.Errorf("no camera %s", id)
	}
	clip, err := s.load(file)
	if err != nil {
		return err
	}
	return s.cameras.Show(id, clip)
}

// Addresses is where everything is found; the program prints it as one line of JSON.
type Addresses struct {
	Notice  string            `json:"notice"`
	Control string            `json:"control,omitempty"`
	Devices map[string]string `json:"devices"` // host:port
	Cameras map[string]string `json:"cameras"` // rtsp://…
	Domes   map[string]string `json:"domes"`   // http://… of their device services
}

// Addresses are known after Start.
func (s *Sim) Addresses() Addresses {
	a := Addresses{Notice: Notice, Devices: map[string]string{}, Cameras: map[string]string{}, Domes: map[string]string{}}
	for id, d := range s.domes {
		a.Domes[id] = d.Address()
	}
	for id, addr := range s.address {
		a.Devices[id] = addr()
	}
	for _, c := range s.Config.RTSP.Cameras {
		a.Cameras[c.ID] = s.cameras.URL(c.ID)
	}
	return a
}

// Cut makes a device or a camera unreachable.
func (s *Sim) Cut(ctx context.Context, id string) error {
	if d, ok := s.devices[id]; ok {
		return d.Stop(ctx)
	}
	if s.isCamera(id) {
		s.cameras.Cut(id)
		return nil
	}
	return fmt.Errorf("no device %s", id)
}

// Restore brings it back on the same address.
func (s *Sim) Restore(ctx context.Context, id string) error {
	if d, ok := s.devices[id]; ok {
		return errors.Join(d.Stop(ctx), d.Start(ctx))
	}
	if s.isCamera(id) {
		return s.cameras.Restore(id)
	}
	return fmt.Errorf("no device %s", id)
}

// Damage spoils what a satellite receiver says next, once.
func (s *Sim) Damage(_ context.Context, id string) error {
	d, ok := s.devices[id].(*nmea.Server)
	if !ok {
		return fmt.Errorf("no satellite receiver %s", id)
	}
	d.Damage()
	return nil
}

func (s *Sim) isCamera(id string) bool {
	for _, c := range s.Config.RTSP.Cameras {
		if c.ID == id {
			return true
		}
	}
	return false
}

// Hold keeps a property at a value; nil lets its wave go on.
func (s *Sim) Hold(id, property string, value *float64) error {
	source, ok := s.sources[id][property]
	if !ok {
		return fmt.Errorf("no property %s of device %s", property, id)
	}
	source.Hold(value)
	return nil
}
