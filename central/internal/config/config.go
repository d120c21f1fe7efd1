// Package config reads central.yml. The centre's main and the command line use it. Rule that must never
// break: a key that is unknown, of a wrong type or points to an unreadable file stops the start with the
// file and the line; nothing is guessed.
package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fengsui/fengsui/shared/strict"
)

// Config is central.yml. deploy/central.yml shows every key with its default.
type Config struct {
	Name            string    `yaml:"name"`
	NameEN          string    `yaml:"name_en"`
	Division        string    `yaml:"division"`
	DivisionName    string    `yaml:"division_name"`
	Demo            bool      `yaml:"demo"`
	Data            string    `yaml:"data"`
	FirmwareConfigs string    `yaml:"firmware_configs"`
	Deadlines       string    `yaml:"deadlines"`
	Basemap         string    `yaml:"basemap"`
	Fonts           string    `yaml:"fonts"`
	HTTP            HTTP      `yaml:"http"`
	Database        Database  `yaml:"database"`
	MQTT            MQTT      `yaml:"mqtt"`
	Video           Video     `yaml:"video"`
	Recording       Recording `yaml:"recording"`
	Field           Field     `yaml:"field"`
	Telemetry       Telemetry `yaml:"telemetry"`
	Releases        Releases  `yaml:"releases"`
	Channels        Channels  `yaml:"channels"`
	Metrics         Metrics   `yaml:"metrics"`
	Log             Log       `yaml:"log"`
}

// HTTP is the console, the API, WHIP and WHEP.
type HTTP struct {
	Listen         string   `yaml:"listen"`
	PublicURL      string   `yaml:"public_url"`
	TrustedProxies []string `yaml:"trusted_proxies"`
	Cert           string   `yaml:"cert"`
	Key            string   `yaml:"key"`
}

// Database is where everything but telemetry is kept.
type Database struct {
	Driver  string `yaml:"driver"`
	URLFile string `yaml:"url_file"`
}

// MQTT is the broker.
type MQTT struct {
	Engine   string   `yaml:"engine"`
	External External `yaml:"external"`
	Plain    string   `yaml:"plain"`
	TLS      string   `yaml:"tls"`
	Names    []string `yaml:"names"`
}

// External is an existing broker.
type External struct {
	URL          string `yaml:"url"`
	ClientID     string `yaml:"client_id"`
	CA           string `yaml:"ca"`
	Cert         string `yaml:"cert"`
	Key          string `yaml:"key"`
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	CRL          string `yaml:"crl"`
}

// Video is the forwarding of pictures.
type Video struct {
	Listen    string   `yaml:"listen"`
	PublicIPs []string `yaml:"public_ips"`
	TURN      string   `yaml:"turn"` // relay for whoever does not reach Listen; empty: none
}

// Recording is where pictures are kept, and how much.
type Recording struct {
	Dir     string `yaml:"dir"`
	Quota   int    `yaml:"quota_gb"`
	Reserve int    `yaml:"reserve_mb"`

	Preroll   int    `yaml:"preroll_seconds"` // of the time before an alarm that terminals are asked for
	Burn      string `yaml:"burn"`            // program that draws time and watermark into clips; empty: none
	Watermark string `yaml:"watermark"`
	ClipDays  int    `yaml:"clip_days"`

	Incidents string  `yaml:"incidents"` // when scenes of incidents are recorded: opening, response
	Near      float64 `yaml:"near_km"`   // cameras so near to an incident are recorded with it; 0: none by themselves
	NearMost  int     `yaml:"near_most"`

	AlarmNear     float64 `yaml:"alarm_near_m"`   // cameras so near to what alarms are marked, recorded and leave a picture
	AlarmPictures int     `yaml:"alarm_pictures"` // of the nearest so many; 0: none

	Bucket Bucket `yaml:"bucket"`
}

// Bucket is where recordings move to once they are written; without URL they stay on the disk.
type Bucket struct {
	URL     string `yaml:"url"`
	Name    string `yaml:"name"`
	Region  string `yaml:"region"`
	Prefix  string `yaml:"prefix"`
	KeyFile string `yaml:"key_file"`
	CA      string `yaml:"ca"`
	After   int    `yaml:"after_minutes"`
	Quota   int    `yaml:"quota_gb"`
}

// Field is what phones at the scene tell.
type Field struct {
	PlaceDays int `yaml:"place_days"`
}

// Telemetry is where readings are kept.
type Telemetry struct {
	Engine       string `yaml:"engine"`
	Influx       Influx `yaml:"influx"`
	SealAfter    int    `yaml:"seal_after_minutes"`
	KeepReadings int    `yaml:"keep_readings_days"`
	KeepRollups  int    `yaml:"keep_rollups_days"`
	Reserve      int    `yaml:"reserve_mb"`
	ShelveMax    int    `yaml:"shelve_max_hours"`

	MaintenanceMax      int      `yaml:"maintenance_max_hours"`
	MaintenanceRepeat   int      `yaml:"maintenance_repeat_days"`
	MaintenanceBreak    int      `yaml:"maintenance_break_hours"`
	MaintenanceCritical []string `yaml:"maintenance_critical"`
	OverrideMax         int      `yaml:"override_max_hours"`
}

// Influx is an InfluxDB 2.
type Influx struct {
	URL       string `yaml:"url"`
	Org       string `yaml:"org"`
	Bucket    string `yaml:"bucket"`
	TokenFile string `yaml:"token_file"`
	CA        string `yaml:"ca"`
}

// Releases are the programs of terminals.
type Releases struct {
	Key      string `yaml:"key"`
	Unsigned bool   `yaml:"unsigned"`
}

// Channels are the ways to reach people outside the console.
type Channels struct {
	SMS  SMS  `yaml:"sms"`
	Mail Mail `yaml:"mail"`
}

// SMS is a gateway for text messages that is asked over HTTP.
type SMS struct {
	URL        string            `yaml:"url"`
	Method     string            `yaml:"method"`
	Headers    map[string]string `yaml:"headers"`
	Body       string            `yaml:"body"`
	SecretFile string            `yaml:"secret_file"`
	CA         string            `yaml:"ca"`
	Accepted   string            `yaml:"accepted"`
	Refused    string            `yaml:"refused"`
	Ref        string            `yaml:"ref"`
	Callback   Callback          `yaml:"callback"`
	PerMinute  int               `yaml:"per_minute"`
	PerDay     int               `yaml:"per_day"`
}

// Callback is what the gateway tells by itself: receipts, and answers by text message.
type Callback struct {
	SecretFile string `yaml:"secret_file"`
	Ref        string `yaml:"ref"`
	State      string `yaml:"state"`
	Delivered  string `yaml:"delivered"`
	Failed     string `yaml:"failed"`
	From       string `yaml:"from"`
	Text       string `yaml:"text"`
}

// Mail is a mail server.
type Mail struct {
	Server       string `yaml:"server"`
	TLS          string `yaml:"tls"`
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	From         string `yaml:"from"`
	CA           string `yaml:"ca"`
	PerMinute    int    `yaml:"per_minute"`
	PerDay       int    `yaml:"per_day"`
}

// Metrics is where Prometheus reads without a token.
type Metrics struct {
	Listen string `yaml:"listen"`
}

// Log is what goes to standard error.
type Log struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Name:            "应急指挥中心",
		NameEN:          "Emergency Command Centre",
		Division:        "320600",
		DivisionName:    "南通市",
		Data:            "/var/lib/fengsui",
		FirmwareConfigs: "/usr/share/fengsui/firmware-configs",
		Basemap:         "/usr/share/fengsui/basemap",
		HTTP:            HTTP{Listen: ":8080"},
		Database:        Database{Driver: "sqlite"},
		MQTT:            MQTT{Engine: "embedded", External: External{ClientID: "fengsui-centre"}, Plain: "127.0.0.1:1883", TLS: ":8883"},
		Video:           Video{Listen: ":8189", TURN: ":3478"},
		Recording:       Recording{Quota: 200, Reserve: 2048, Preroll: 30, ClipDays: 7, Incidents: "opening", NearMost: 4, AlarmNear: 500, AlarmPictures: 4, Bucket: Bucket{Region: "us-east-1", After: 10}},
		Field:           Field{PlaceDays: 30},
		Telemetry:       Telemetry{Engine: "embedded", SealAfter: 10, Reserve: 256, ShelveMax: 24, MaintenanceMax: 72, MaintenanceRepeat: 366, MaintenanceBreak: 12, MaintenanceCritical: []string{"gas", "smoke"}, OverrideMax: 168},
		Channels: Channels{
			SMS:  SMS{Method: "POST", Headers: map[string]string{"Content-Type": "application/json"}, Body: `{"mobile":{{json .To}},"content":{{json .Text}},"id":{{json .Key}}}`, PerMinute: 60, PerDay: 2000},
			Mail: Mail{TLS: "starttls", PerMinute: 60, PerDay: 2000},
		},
		Log: Log{Level: "info", Format: "text"},
	}
}

// Load reads a file over the defaults; FENGSUI_<KEY> in the environment (dots as underscores) goes over
// both. The error names file and line.
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
	if err := tree.Override(&c, "FENGSUI_", os.LookupEnv); err != nil {
		return Config{}, err
	}
	if err := tree.Locate(c.check()); err != nil {
		return Config{}, err
	}
	return c, nil
}

// DatabaseDSN is what store.Open takes: the file in the data folder, or the URL of PostgreSQL.
func (c *Config) DatabaseDSN() (string, error) {
	if c.Database.Driver == "sqlite" {
		return filepath.Join(c.Data, "central.db"), nil
	}
	text, err := os.ReadFile(c.Database.URLFile)
	if err != nil {
		return "", fmt.Errorf("read database url: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
