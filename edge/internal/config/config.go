// Package config reads edge.yml. The agent's main and the command line use it. Rule that must never
// break: a key that is unknown, of a wrong type or points to an unreadable file stops the start with the
// file and the line; nothing is guessed.
package config

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fengsui/fengsui/shared/strict"
)

// Config is edge.yml. deploy/edge.yml shows every key with its default.
type Config struct {
	ID              string    `yaml:"id"`
	Name            string    `yaml:"name"`
	NameEN          string    `yaml:"name_en"`
	Division        string    `yaml:"division"`
	Place           *Place    `yaml:"place"`
	Demo            bool      `yaml:"demo"`
	Data            string    `yaml:"data"`
	FirmwareConfigs string    `yaml:"firmware_configs"`
	Rules           string    `yaml:"rules"`
	Centre          Centre    `yaml:"centre"`
	Serial          []Serial  `yaml:"serial"`
	Sensors         []Sensor  `yaml:"sensors"`
	Cameras         []Camera  `yaml:"cameras"`
	Outbox          Outbox    `yaml:"outbox"`
	Ring            Ring      `yaml:"ring"`
	Speaker         Speaker   `yaml:"speaker"`
	Recorder        Recorder  `yaml:"recorder"`
	Encoders        []Encoder `yaml:"encoders"`
	Crew            Crew      `yaml:"crew"`
	Budget          Budget    `yaml:"budget"`
	Upgrade         Upgrade   `yaml:"upgrade"`
	Diagnose        Diagnose  `yaml:"diagnose"`
	Status          Status    `yaml:"status"`
	Log             Log       `yaml:"log"`

	Given *Given `yaml:"-"` // what the centre has given in place of the file's own parts
	Dir   string `yaml:"-"` // of the file

	Tree *strict.File `yaml:"-"` // what it was read from; nil: from nothing
}

// Place is degrees of WGS 84.
type Place struct {
	Lon float64 `yaml:"lon"`
	Lat float64 `yaml:"lat"`
}

// Centre is where everything goes.
type Centre struct {
	URL          string        `yaml:"url"`
	MQTT         string        `yaml:"mqtt"`
	Plain        bool          `yaml:"plain"`
	URLCA        string        `yaml:"url_ca"`
	Insecure     bool          `yaml:"insecure"`
	CA           string        `yaml:"ca"`
	Cert         string        `yaml:"cert"`
	Key          string        `yaml:"key"`
	KeepAliveMin time.Duration `yaml:"keep_alive_min"`
	KeepAliveMax time.Duration `yaml:"keep_alive_max"`
	Confirm      time.Duration `yaml:"confirm"`
}

// Serial is how a serial line is set; one that is not listed is 9600 8N1.
type Serial struct {
	Port     string `yaml:"port"`
	Baud     int    `yaml:"baud"`
	DataBits int    `yaml:"data_bits"`
	Parity   string `yaml:"parity"`
	StopBits int    `yaml:"stop_bits"`
}

// Sensor is one device that is read, or that speaks by itself.
type Sensor struct {
	ID         string        `yaml:"id"`
	Name       string        `yaml:"name"`
	NameEN     string        `yaml:"name_en"`
	Profile    string        `yaml:"profile"`
	Address    string        `yaml:"address"`
	Unit       *uint8        `yaml:"unit"`
	Station    string        `yaml:"station"`
	SecretFile string        `yaml:"secret_file"`
	Every      time.Duration `yaml:"every"`
	Division   string        `yaml:"division"`
	Place      *Place        `yaml:"place"`
}

// Camera is one camera.
type Camera struct {
	ID           string `yaml:"id"`
	Name         string `yaml:"name"`
	NameEN       string `yaml:"name_en"`
	RTSP         string `yaml:"rtsp"`
	RTSPSub      string `yaml:"rtsp_sub"` // its smaller picture, for small tiles and thin links; empty: it has none
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
	Standby      bool   `yaml:"standby"` // stays open while nobody watches
	Sound        bool   `yaml:"sound"`   // goes with the picture
	Speaker      bool   `yaml:"speaker"` // what is spoken at the centre goes to its loudspeaker
	ONVIF        string `yaml:"onvif"`   // address of its device service, to turn and zoom it; empty: it cannot be
	Division     string `yaml:"division"`
	Place        *Place `yaml:"place"`
}

// Outbox is how much is kept for the centre.
type Outbox struct {
	TelemetryMB int           `yaml:"telemetry_mb"`
	BulkMB      int           `yaml:"bulk_mb"`
	GraceMB     int           `yaml:"grace_mb"`
	Grace       time.Duration `yaml:"grace"`
	CommitEvery time.Duration `yaml:"commit_every"`
}

// Ring is what is recorded here of cameras.
type Ring struct {
	QuotaMB int           `yaml:"quota_mb"` // 0: nothing
	Keep    time.Duration `yaml:"keep"`
	Cameras []string      `yaml:"cameras"` // empty: all but the terminal's own
	Mute    bool          `yaml:"mute"`    // without sound, unless somebody has decided otherwise
	Kbps    int           `yaml:"upload_kbps"`
}

// Records reports whether a camera is recorded here: those that are named, else all but the terminal's own, whose encoder
// would run day and night.
func (c *Config) Records(camera string) bool {
	switch {
	case c.Ring.QuotaMB == 0:
		return false
	case len(c.Ring.Cameras) > 0:
		return slices.Contains(c.Ring.Cameras, camera)
	}
	return c.Encoder(camera) == nil
}

// Speaker is by what somebody at the centre is heard here, beside the loudspeakers of cameras. The centre cannot change
// it, for it names a program.
type Speaker struct {
	Command []string `yaml:"command"` // empty: the terminal itself has none
	Volume  int      `yaml:"volume"`  // percent, until another is set
}

// Recorder is a microphone beside a camera. The centre cannot change it, for it names a program.
type Recorder struct {
	Command []string `yaml:"command"` // empty: there is none
	Camera  string   `yaml:"camera"`  // with whose picture it is heard
}

// Crew is how messages of the centre reach the people beside the terminal. The centre cannot change it, for it names
// programs.
type Crew struct {
	Show    []string `yaml:"show"`  // a board or a printer; empty: there is none
	Speak   []string `yaml:"speak"` // reads the text out; empty: nobody does
	Confirm Button   `yaml:"confirm"`
}

// Button is a reading that rises from 0 when somebody presses it.
type Button struct {
	Device   string `yaml:"device"`
	Property string `yaml:"property"`
}

// Encoder is a camera of the terminal itself. The centre cannot change it, for it names a program.
type Encoder struct {
	Camera  string   `yaml:"camera"`  // whose picture it is; its rtsp is LocalCamera
	Command []string `yaml:"command"` // one of command, device and file
	Device  string   `yaml:"device"`
	File    string   `yaml:"file"`
	Width   int      `yaml:"width"`
	Height  int      `yaml:"height"`
	FPS     int      `yaml:"fps"`
	Kbps    []int    `yaml:"kbps"`  // falling
	Twice   bool     `yaml:"twice"` // the command may run beside itself
	Sub     *Smaller `yaml:"sub"`   // its smaller picture; nil: it has none
}

// Smaller is where the smaller picture of an encoder comes from: as the large one does.
type Smaller struct {
	Command []string `yaml:"command"`
	File    string   `yaml:"file"`
	Width   int      `yaml:"width"` // of a device
	Height  int      `yaml:"height"`
	Kbps    int      `yaml:"kbps"`
}

// LocalCamera is the address of a camera whose picture comes from an encoder.
const LocalCamera = "local:"

// Encoder is the encoder of a camera; nil: it has an address.
func (c *Config) Encoder(camera string) *Encoder {
	for i := range c.Encoders {
		if c.Encoders[i].Camera == camera {
			return &c.Encoders[i]
		}
	}
	return nil
}

// Budget is the plan of the SIM.
type Budget struct {
	MonthlyMB int     `yaml:"monthly_mb"`
	ResetDay  int     `yaml:"reset_day"`
	Zone      string  `yaml:"zone"` // IANA; whose midnight begins the day
	Eco       float64 `yaml:"eco"`
	Alarms    float64 `yaml:"alarms_only"`
}

// Upgrade is which programs the centre may send.
type Upgrade struct {
	Key      string        `yaml:"key"`
	Unsigned bool          `yaml:"unsigned"`
	Floor    string        `yaml:"floor"`
	Confirm  time.Duration `yaml:"confirm"`
}

// Diagnose is how to read what only this machine knows how to read.
type Diagnose struct {
	SignalFile    string   `yaml:"signal_file"`
	SignalCommand []string `yaml:"signal_command"`
}

// Status is the local page for the technician and the crew.
type Status struct {
	Listen string `yaml:"listen"`
	Zone   string `yaml:"zone"` // IANA; whose times its pages show
}

// Log is what goes to standard error.
type Log struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// NoRules as the folder of rules means that none run at the terminal.
const NoRules = "none"

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Data:            "/var/lib/fengsui-edge",
		FirmwareConfigs: "/usr/share/fengsui-edge/firmware-configs",
		Centre:          Centre{KeepAliveMin: time.Minute, KeepAliveMax: 2 * time.Minute, Confirm: time.Minute},
		Outbox: Outbox{
			TelemetryMB: 512, BulkMB: 128, GraceMB: 256, Grace: 72 * time.Hour, CommitEvery: 500 * time.Millisecond,
		},
		Ring:    Ring{QuotaMB: 2048, Keep: 72 * time.Hour, Mute: true, Kbps: 1024},
		Speaker: Speaker{Volume: 100},
		Budget:  Budget{ResetDay: 1, Zone: "Asia/Shanghai", Eco: 0.8, Alarms: 0.95},
		Upgrade: Upgrade{Confirm: 5 * time.Minute},
		Status:  Status{Zone: "Asia/Shanghai"},
		Log:     Log{Level: "info", Format: "text"},
	}
}

// RulesDir is the folder of the rules, empty for none.
func (c *Config) RulesDir() string {
	switch c.Rules {
	case NoRules:
		return ""
	case "":
		return filepath.Join(c.FirmwareConfigs, "rules")
	}
	return c.Rules
}

// Safe returns an error when tokens would go over the network for everybody to read.
func (c Centre) Safe() error {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("%q is not an address like https://centre.example:8080", c.URL)
	}
	if u.Scheme == "http" && !c.Insecure && !loopback(u.Hostname()) {
		return fmt.Errorf("%s has no TLS: whoever listens on the way takes the token and the pictures; use an https:// address, or say insecure: true (enrol: --insecure) on a network that is closed", c.URL)
	}
	return nil
}

// Load reads a file over the defaults; FENGSUI_EDGE_<KEY> in the environment (dots as underscores) goes
// over both. Relative paths are meant from the file's folder. The error names file and line.
func Load(file string) (Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c := Default()
	tree, err := strict.Decode(file, text, &c)
	if err != nil {
		return Config{}, err
	}
	if err := tree.Override(&c, "FENGSUI_EDGE_", os.LookupEnv); err != nil {
		return Config{}, err
	}
	c.Dir = filepath.Dir(file)
	c.resolve(c.Dir)
	if err := tree.Locate(c.check()); err != nil {
		return Config{}, err
	}
	c.Tree = tree
	return c, nil
}

// Locate names the file and the line of a value that turned out wrong only when it was used (strict.Bad).
func (c *Config) Locate(err error) error {
	if c.Tree == nil {
		return err
	}
	return c.Tree.Locate(err)
}

// resolve makes relative paths absolute, so that the program may be started from anywhere.
func (c *Config) resolve(dir string) {
	paths := []*string{&c.Data, &c.FirmwareConfigs, &c.Centre.URLCA, &c.Centre.CA, &c.Centre.Cert, &c.Centre.Key, &c.Diagnose.SignalFile}
	if c.Rules != NoRules {
		paths = append(paths, &c.Rules)
	}
	for i := range c.Cameras {
		paths = append(paths, &c.Cameras[i].PasswordFile)
	}
	for i := range c.Encoders {
		e := &c.Encoders[i]
		paths = append(paths, &e.File)
		if e.Sub != nil {
			paths = append(paths, &e.Sub.File)
		}
		e.Width, e.Height, e.FPS = cmp.Or(e.Width, 1280), cmp.Or(e.Height, 720), cmp.Or(e.FPS, 25)
	}
	for i := range c.Sensors {
		paths = append(paths, &c.Sensors[i].SecretFile)
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
}
