package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // terminals often have no zones installed

	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/tlsconf"
	"github.com/fengsui/fengsui/shared/version"
	"github.com/fengsui/fengsui/shared/wire"
)

func (c *Config) check() error {
	switch {
	case !wire.ValidID(c.ID):
		return strict.Bad("id", "%q must be lower-case letters, digits, - and _, at most %d", c.ID, wire.MaxIDLength)
	case !isDivision(c.Division):
		return strict.Bad("division", "%q is not a division code (GB/T 2260)", c.Division)
	case !c.Place.valid():
		return strict.Bad("place", "is not on this planet")
	case c.Data == "":
		return strict.Bad("data", "a folder is needed")
	}
	for _, d := range []struct{ key, dir string }{{"firmware_configs", c.FirmwareConfigs}, {"rules", c.RulesDir()}} {
		if d.dir == "" {
			continue
		}
		if _, err := os.ReadDir(d.dir); err != nil {
			return &strict.Problem{Key: d.key, Err: err}
		}
	}
	if r := c.Ring; r.QuotaMB != 0 && (r.QuotaMB < 64 || r.QuotaMB > 10_000_000) {
		return strict.Bad("ring.quota_mb", "must be 0, or 64 to 10000000")
	} else if r.Keep < time.Minute {
		return strict.Bad("ring.keep", "must be a minute at least")
	} else if r.Kbps < 64 || r.Kbps > 1_000_000 {
		return strict.Bad("ring.upload_kbps", "must be 64 to 1000000")
	}
	for _, check := range []func() error{c.checkCentre, c.checkSerial, c.checkSensors, c.checkEncoders, c.checkCameras, c.checkRest} {
		if p := check(); p != nil {
			return p
		}
	}
	return nil
}

func (c *Config) checkCentre() error {
	if err := c.Centre.Safe(); err != nil {
		return &strict.Problem{Key: "centre.url", Err: err}
	}
	if c.Centre.MQTT != "" {
		if err := address(c.Centre.MQTT); err != nil {
			return &strict.Problem{Key: "centre.mqtt", Err: err}
		}
	}
	if c.Centre.Plain {
		if host, _, _ := net.SplitHostPort(c.Centre.MQTT); !loopback(host) {
			return strict.Bad("centre.plain", "MQTT without TLS is allowed to loopback only, for example mqtt: 127.0.0.1:1883")
		}
	}
	if c.Centre.URLCA != "" {
		if _, err := tlsconf.Pool(c.Centre.URLCA); err != nil {
			return &strict.Problem{Key: "centre.url_ca", Err: err}
		}
	}
	given := 0
	for _, f := range []string{c.Centre.CA, c.Centre.Cert, c.Centre.Key} {
		if f != "" {
			given++
		}
	}
	switch given {
	case 0:
	case 3:
		if c.Centre.MQTT == "" {
			return strict.Bad("centre.mqtt", "is needed with a certificate of your own")
		}
		if _, err := tlsconf.Pool(c.Centre.CA); err != nil {
			return &strict.Problem{Key: "centre.ca", Err: err}
		}
		if _, err := tlsconf.Pair(c.Centre.Cert, c.Centre.Key); err != nil {
			return &strict.Problem{Key: "centre.cert", Err: err}
		}
	default:
		return strict.Bad("centre.cert", "ca, cert and key are given together or not at all")
	}
	if c.Centre.KeepAliveMin < 5*time.Second || c.Centre.KeepAliveMin > c.Centre.KeepAliveMax {
		return strict.Bad("centre.keep_alive_min", "must be between 5s and keep_alive_max")
	}
	if c.Centre.KeepAliveMax > 10*time.Minute {
		return strict.Bad("centre.keep_alive_max", "must be at most 10m")
	}
	if c.Centre.Confirm < time.Second || c.Centre.Confirm > 10*time.Minute {
		return strict.Bad("centre.confirm", "must be between 1s and 10m")
	}
	return nil
}

func (c *Config) checkCameras() error {
	for i, cam := range c.Cameras {
		key := func(k string) string { return fmt.Sprintf("cameras.%d.%s", i, k) }
		u, err := url.Parse(cam.RTSP)
		switch {
		case !wire.ValidID(cam.ID):
			return strict.Bad(key("id"), "%q must be lower-case letters, digits, - and _, at most %d", cam.ID, wire.MaxIDLength)
		case cam.RTSP == LocalCamera && c.Encoder(cam.ID) == nil:
			return strict.Bad(key("rtsp"), "%s is a camera of the terminal itself, and none of encoders is for %s", LocalCamera, cam.ID)
		case cam.RTSP == LocalCamera && cam.RTSPSub != "":
			return strict.Bad(key("rtsp_sub"), "a camera of the terminal itself has the smaller picture that sub of its encoder says")
		case cam.RTSP == LocalCamera && cam.Speaker:
			return strict.Bad(key("speaker"), "a camera of the terminal itself has no loudspeaker: speaker.command is for that of the terminal")
		case cam.RTSP == LocalCamera:
		case err != nil || u.Host == "" || (u.Scheme != "rtsp" && u.Scheme != "rtsps"):
			return strict.Bad(key("rtsp"), "is not an address like rtsp://host:554/path")
		case u.User != nil:
			return strict.Bad(key("rtsp"), "leave user and password out of the address: username and password_file are for them")
		}
		if err := cam.checkSub(); err != nil {
			return &strict.Problem{Key: key("rtsp_sub"), Err: err}
		}
		switch {
		case !isDivision(cam.Division):
			return strict.Bad(key("division"), "%q is not a division code (GB/T 2260)", cam.Division)
		case !cam.Place.valid():
			return strict.Bad(key("place"), "is not on this planet")
		}
		if cam.ONVIF != "" {
			if err := onvifAddress(cam.ONVIF); err != nil {
				return &strict.Problem{Key: key("onvif"), Err: err}
			}
		}
		if cam.PasswordFile != "" {
			if _, err := os.ReadFile(cam.PasswordFile); err != nil {
				return &strict.Problem{Key: key("password_file"), Err: err}
			}
		}
	}
	return nil
}

// checkSub says what is wrong with the address of the smaller picture.
func (c *Camera) checkSub() error {
	if c.RTSPSub == "" {
		return nil
	}
	u, err := url.Parse(c.RTSPSub)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "rtsp" && u.Scheme != "rtsps"):
		return errors.New("is not an address like rtsp://host:554/path")
	case u.User != nil:
		return errors.New("leave user and password out of the address: username and password_file are for them")
	case c.RTSPSub == c.RTSP:
		return errors.New("is the address of the large picture")
	}
	return nil
}

func (c *Config) checkEncoders() error {
	seen := map[string]bool{}
	for i, e := range c.Encoders {
		key := func(k string) string { return fmt.Sprintf("encoders.%d.%s", i, k) }
		given := 0
		for _, is := range []bool{len(e.Command) > 0, e.Device != "", e.File != ""} {
			if is {
				given++
			}
		}
		switch {
		case !wire.ValidID(e.Camera):
			return strict.Bad(key("camera"), "is the id of the camera whose picture it is")
		case seen[e.Camera]:
			return strict.Bad(key("camera"), "%s has an encoder already", e.Camera)
		case given != 1:
			return strict.Bad(key("command"), "one of command, device and file says where the picture comes from")
		case len(e.Command) > 0 && e.Command[0] == "":
			return strict.Bad(key("command"), "is a program and its arguments")
		case e.Device != "" && !filepath.IsAbs(e.Device):
			return strict.Bad(key("device"), "is a device like /dev/video0")
		case len(e.Command) == 0 && (e.FPS < 1 || e.FPS > 60):
			return strict.Bad(key("fps"), "must be 1 to 60")
		case e.Device != "" && (e.Width < 64 || e.Width > 4096 || e.Height < 64 || e.Height > 4096):
			return strict.Bad(key("width"), "width and height must be 64 to 4096")
		case e.Device != "" && len(e.Kbps) == 0:
			return strict.Bad(key("kbps"), "is needed for a device, for example [2000, 1000, 500, 250]")
		case e.File != "" && len(e.Kbps) > 0:
			return strict.Bad(key("kbps"), "a file has the bit rate that it has")
		case len(e.Kbps) > 8:
			return strict.Bad(key("kbps"), "has more than 8 steps")
		case len(e.Kbps) > 0 && e.Device == "" && !slices.ContainsFunc(e.Command, func(w string) bool { return strings.Contains(w, "{kbps}") }):
			return strict.Bad(key("command"), "has no {kbps}, which stands for the bit rate")
		}
		if e.Twice && (len(e.Command) == 0 || len(e.Kbps) < 2) {
			return strict.Bad(key("twice"), "is for a command of several kbps that opens nothing which opens once; a device does")
		}
		if bad, text := e.checkSub(); bad != "" {
			return strict.Bad(key("sub."+bad), "%s", text)
		}
		for n, rate := range e.Kbps {
			if rate < 50 || rate > 20_000 || (n > 0 && rate >= e.Kbps[n-1]) {
				return strict.Bad(key("kbps"), "are 50 to 20000 kbit/s, the highest first")
			}
		}
		seen[e.Camera] = true
	}
	return nil
}

// checkSub says which key of the smaller picture is wrong, and why.
func (e *Encoder) checkSub() (key, why string) {
	s := e.Sub
	switch {
	case s == nil:
	case len(e.Command) > 0 && (len(s.Command) == 0 || s.Command[0] == "" || s.File != ""):
		return "command", "is a program and its arguments, as that of the large picture is"
	case len(e.Command) > 0 && s.Kbps != 0 && !slices.ContainsFunc(s.Command, func(w string) bool { return strings.Contains(w, "{kbps}") }):
		return "command", "has no {kbps}, which stands for the bit rate"
	case e.File != "" && (s.File == "" || len(s.Command) > 0 || s.Kbps != 0):
		return "file", "is a file as that of the large picture is, with the bit rate that it has"
	case e.Device != "" && (s.File != "" || len(s.Command) > 0):
		return "command", "leave it out: the same program makes both pictures of a device, which opens once"
	case e.Device != "" && (s.Width < 64 || s.Width >= e.Width || s.Height < 64 || s.Height >= e.Height || s.Width%2+s.Height%2 > 0):
		return "width", "width and height must be even, 64 at least and smaller than those of the large picture"
	case (e.Device != "" || s.Kbps != 0) && (s.Kbps < 50 || s.Kbps > 20_000):
		return "kbps", "must be 50 to 20000"
	}
	return "", ""
}

// onvifAddress says what is wrong with the address of a device service.
func onvifAddress(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return errors.New("is not an address like http://host/onvif/device_service")
	case u.User != nil:
		return errors.New("leave user and password out of the address: username and password_file are for them")
	}
	return nil
}

func (c *Config) checkRest() error {
	for _, n := range []struct {
		key   string
		value int
	}{{"outbox.telemetry_mb", c.Outbox.TelemetryMB}, {"outbox.bulk_mb", c.Outbox.BulkMB}, {"outbox.grace_mb", c.Outbox.GraceMB}} {
		if n.value < 1 || n.value > 1<<20 {
			return strict.Bad(n.key, "must be 1 to 1048576")
		}
	}
	switch {
	case c.Budget.MonthlyMB < 0 || c.Budget.MonthlyMB > 1<<30:
		return strict.Bad("budget.monthly_mb", "must be 0 (no limit) to 1073741824")
	case c.Budget.ResetDay < 1 || c.Budget.ResetDay > 28:
		return strict.Bad("budget.reset_day", "must be 1 to 28")
	case c.Budget.Zone == "" || !isZone(c.Budget.Zone):
		return strict.Bad("budget.zone", "%q is no IANA time zone such as Asia/Shanghai", c.Budget.Zone)
	case c.Budget.Eco <= 0 || c.Budget.Eco > c.Budget.Alarms:
		return strict.Bad("budget.eco", "must be above 0 and at most alarms_only")
	case c.Budget.Alarms > 1:
		return strict.Bad("budget.alarms_only", "must be at most 1")
	case len(c.Speaker.Command) > 0 && c.Speaker.Command[0] == "":
		return strict.Bad("speaker.command", "is a program and its arguments, for example [aplay, -q, -t, raw, -f, S16_LE, -r, \"8000\", -c, \"1\"]")
	case len(c.Recorder.Command) > 0 && c.Recorder.Command[0] == "":
		return strict.Bad("recorder.command", "is a program and its arguments, for example [arecord, -q, -t, raw, -f, S16_LE, -r, \"8000\", -c, \"1\"]")
	case len(c.Recorder.Command) > 0 && !wire.ValidID(c.Recorder.Camera):
		return strict.Bad("recorder.camera", "is the id of the camera with whose picture it is heard")
	case len(c.Crew.Show) > 0 && c.Crew.Show[0] == "":
		return strict.Bad("crew.show", "is a program and its arguments, for example [lp]")
	case len(c.Crew.Speak) > 0 && c.Crew.Speak[0] == "":
		return strict.Bad("crew.speak", "is a program and its arguments, for example [espeak-ng, -v, cmn, --stdin]")
	case c.Crew.Confirm != (Button{}) && (!wire.ValidID(c.Crew.Confirm.Property) || !slices.ContainsFunc(c.Sensors, func(s Sensor) bool { return s.ID == c.Crew.Confirm.Device })):
		return strict.Bad("crew.confirm", "names a device of sensors and one of its properties, or is left out")
	case c.Speaker.Volume < 0 || c.Speaker.Volume > wire.MaxVolume:
		return strict.Bad("speaker.volume", "must be 0 to %d", wire.MaxVolume)
	case c.Outbox.Grace < 0 || c.Outbox.Grace > 60*24*time.Hour:
		return strict.Bad("outbox.grace", "must be between 0s and 1440h")
	case c.Outbox.CommitEvery < 10*time.Millisecond || c.Outbox.CommitEvery > 10*time.Second:
		return strict.Bad("outbox.commit_every", "must be between 10ms and 10s")
	}
	if err := c.checkUpgrade(); err != nil {
		return err
	}
	if c.Status.Zone == "" || !isZone(c.Status.Zone) {
		return strict.Bad("status.zone", "%q is no IANA time zone such as Asia/Shanghai", c.Status.Zone)
	}
	if c.Status.Listen != "" {
		if err := address(c.Status.Listen); err != nil {
			return &strict.Problem{Key: "status.listen", Err: err}
		}
		if host, _, _ := net.SplitHostPort(c.Status.Listen); !loopback(host) {
			return strict.Bad("status.listen", "the page has no login and is allowed on loopback only, for example 127.0.0.1:8090")
		}
	}
	switch c.Log.Level {
	case "debug", "info", "warn", "error":
	default:
		return strict.Bad("log.level", "%q is none of debug, info, warn, error", c.Log.Level)
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		return strict.Bad("log.format", "%q is neither text nor json", c.Log.Format)
	}
	return nil
}

func (c *Config) checkUpgrade() error {
	u := c.Upgrade
	if u.Key != "" {
		if _, err := wire.ReleaseKey(u.Key); err != nil {
			return &strict.Problem{Key: "upgrade.key", Err: err}
		}
	}
	switch {
	case u.Unsigned && !c.Centre.Plain:
		return strict.Bad("upgrade.unsigned", "programs without a signature are taken over loopback only, with centre.plain")
	case u.Unsigned && u.Key != "":
		return strict.Bad("upgrade.unsigned", "leave it out, or the key")
	case u.Floor != "" && !version.Valid(u.Floor):
		return strict.Bad("upgrade.floor", "%q is no version like 1.2.3", u.Floor)
	case u.Confirm < time.Second || u.Confirm > time.Hour:
		return strict.Bad("upgrade.confirm", "must be between 1s and 1h")
	}
	return nil
}

func (p *Place) valid() bool {
	return p == nil || (p.Lon >= -180 && p.Lon <= 180 && p.Lat >= -90 && p.Lat <= 90)
}

// isDivision reports whether a code is one, or left out.
func isDivision(code string) bool { return code == "" || geo.Division(code).Valid() }

func address(a string) error {
	host, port, err := net.SplitHostPort(a)
	if err != nil || host == "" {
		return fmt.Errorf("%q is not an address like 192.168.1.10:502", a)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return errors.New("the port is not between 0 and 65535")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func isZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil
}
