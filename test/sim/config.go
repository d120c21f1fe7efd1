package sim

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/sim/wave"
)

// Config is sim.yml.
type Config struct {
	Control         string    `yaml:"control"`          // loopback address of the control page; empty: off
	FirmwareConfigs string    `yaml:"firmware_configs"` // where the profiles are
	Clips           string    `yaml:"clips"`            // where the clips are
	Epoch           time.Time `yaml:"epoch"`            // when all waves and tracks begin; zero: at the start
	Modbus          []Modbus  `yaml:"modbus"`
	NMEA            []NMEA    `yaml:"nmea"`
	RTSP            RTSP      `yaml:"rtsp"`
	Domes           []Dome    `yaml:"domes"`
	Sensors         []Sensor  `yaml:"sensors"`
	Stations        []Station `yaml:"stations"`
	Relays          []Relay   `yaml:"relays"`
}

// Modbus is one Modbus TCP device.
type Modbus struct {
	ID      string               `yaml:"id"`
	Listen  string               `yaml:"listen"`
	Unit    uint8                `yaml:"unit"`
	Profile string               `yaml:"profile"`
	Values  map[string]wave.Wave `yaml:"values"` // by property of the profile; others stay at 0
}

// NMEA is one satellite receiver.
type NMEA struct {
	ID     string        `yaml:"id"`
	Listen string        `yaml:"listen"`
	Every  time.Duration `yaml:"every"`
	Speed  float64       `yaml:"speed"` // metres a second
	Track  [][2]float64  `yaml:"track"` // longitude, latitude; closed
}

// RTSP is the cameras, all on one address.
type RTSP struct {
	Listen  string   `yaml:"listen"`
	Cameras []Camera `yaml:"cameras"`
}

// Camera plays one clip.
type Camera struct {
	ID      string `yaml:"id"`
	Clip    string `yaml:"clip"`
	Sound   bool   `yaml:"sound"`   // it has a microphone: G.711A, a tone at the beginning of the clip each time
	Speaker bool   `yaml:"speaker"` // it has a loudspeaker: G.711A over the back channel
}

// Dome is the head of a camera that turns and zooms over ONVIF. Its picture is one of the cameras and does not follow.
type Dome struct {
	ID       string `yaml:"id"`
	Listen   string `yaml:"listen"`
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// Cameras are those of the RTSP server whose head it is: they send a key frame when it is asked for one, and Films is what
	// they show instead of their own clip while it looks where one of its presets is, by the preset's token.
	Cameras []string          `yaml:"cameras"`
	Films   map[string]string `yaml:"films"`
}

// Sensor is one simple sensor that speaks JSON over MQTT.
type Sensor struct {
	ID        string               `yaml:"id"`
	Broker    string               `yaml:"broker"`
	TokenFile string               `yaml:"token_file"`
	Every     time.Duration        `yaml:"every"`
	Values    map[string]wave.Wave `yaml:"values"`
}

// Station is one station that dials a terminal: HJ 212 or SL 651, as its profile says.
type Station struct {
	ID       string               `yaml:"id"`
	Dial     string               `yaml:"dial"`
	Profile  string               `yaml:"profile"`
	Station  string               `yaml:"station"` // MN, or station address
	Password string               `yaml:"password"`
	Every    time.Duration        `yaml:"every"`
	Step     time.Duration        `yaml:"step"` // between two observations; 0: real time
	Values   map[string]wave.Wave `yaml:"values"`
}

// Relay is one siren or relay that is switched over MQTT.
type Relay struct {
	ID       string `yaml:"id"` // also its name at the broker
	Broker   string `yaml:"broker"`
	Profile  string `yaml:"profile"`
	Station  string `yaml:"station"`
	Password string `yaml:"password"`
}

// Load reads sim.yml; relative folders in it are meant from its own.
func Load(file string) (Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	var c Config
	tree, err := strict.Decode(file, text, &c)
	if err != nil {
		return Config{}, err
	}
	for _, dir := range []*string{&c.FirmwareConfigs, &c.Clips} {
		if *dir != "" && !filepath.IsAbs(*dir) {
			*dir = filepath.Join(filepath.Dir(file), *dir)
		}
	}
	if err := tree.Locate(c.check()); err != nil {
		return Config{}, err
	}
	return c, nil
}

func (c *Config) check() error {
	seen := map[string]bool{}
	name := func(key, id string) error {
		if !wire.ValidID(id) || seen[id] {
			return strict.Bad(key+".id", "%q is no id, or used twice", id)
		}
		seen[id] = true
		return nil
	}
	for i, d := range c.Modbus {
		key := fmt.Sprintf("modbus.%d", i)
		if err := cmp.Or(name(key, d.ID), waves(key, d.Values)); err != nil {
			return err
		}
	}
	for i, d := range c.NMEA {
		key := fmt.Sprintf("nmea.%d", i)
		if err := name(key, d.ID); err != nil {
			return err
		}
		if len(d.Track) == 0 || d.Every <= 0 {
			return strict.Bad(key, "a track and an interval are needed")
		}
	}
	for i, d := range c.RTSP.Cameras {
		if err := name(fmt.Sprintf("rtsp.cameras.%d", i), d.ID); err != nil {
			return err
		}
	}
	for i, d := range c.Domes {
		if err := name(fmt.Sprintf("domes.%d", i), d.ID); err != nil {
			return err
		}
	}
	for i, d := range c.Stations {
		key := fmt.Sprintf("stations.%d", i)
		if err := cmp.Or(name(key, d.ID), waves(key, d.Values)); err != nil {
			return err
		}
		if d.Every <= 0 || d.Step < 0 || d.Dial == "" || d.Station == "" {
			return strict.Bad(key, "whom it dials, its name and an interval are needed")
		}
	}
	for i, d := range c.Relays {
		key := fmt.Sprintf("relays.%d", i)
		if err := name(key, d.ID); err != nil {
			return err
		}
		if d.Broker == "" || d.Station == "" {
			return strict.Bad(key, "a broker and a station are needed")
		}
	}
	for i, d := range c.Sensors {
		key := fmt.Sprintf("sensors.%d", i)
		if err := cmp.Or(name(key, d.ID), waves(key, d.Values)); err != nil {
			return err
		}
		if d.Every <= 0 || d.Broker == "" {
			return strict.Bad(key, "a broker and an interval are needed")
		}
	}
	return nil
}

func waves(key string, values map[string]wave.Wave) error {
	for property, w := range values {
		if err := w.Check(); err != nil {
			return &strict.Problem{Key: key + ".values." + property, Err: err}
		}
	}
	return nil
}
