package config

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

const maxStation = 128

func (c *Config) checkSensors() error {
	seen := map[string]bool{c.ID: true}
	for i, s := range c.Sensors {
		key := func(k string) string { return fmt.Sprintf("sensors.%d.%s", i, k) }
		switch {
		case !wire.ValidID(s.ID):
			return strict.Bad(key("id"), "%q must be lower-case letters, digits, - and _, at most %d", s.ID, wire.MaxIDLength)
		case seen[s.ID]:
			return strict.Bad(key("id"), "%s is used twice", s.ID)
		case s.Profile == "":
			return strict.Bad(key("profile"), "name a profile of %s/profiles", c.FirmwareConfigs)
		case s.Every != 0 && (s.Every < 100*time.Millisecond || s.Every > 24*time.Hour):
			return strict.Bad(key("every"), "must be between 100ms and 24h")
		case !isDivision(s.Division):
			return strict.Bad(key("division"), "%q is not a division code (GB/T 2260)", s.Division)
		case !s.Place.valid():
			return strict.Bad(key("place"), "is not on this planet")
		}
		if err := deviceAddress(s.Address); err != nil {
			return &strict.Problem{Key: key("address"), Err: err}
		}
		if len(s.Station) > maxStation {
			return strict.Bad(key("station"), "is longer than %d characters", maxStation)
		}
		if s.SecretFile != "" {
			if _, err := os.ReadFile(s.SecretFile); err != nil {
				return &strict.Problem{Key: key("secret_file"), Err: err}
			}
		}
		seen[s.ID] = true
	}
	for i, cam := range c.Cameras {
		if seen[cam.ID] {
			return strict.Bad(fmt.Sprintf("cameras.%d.id", i), "%s is used twice", cam.ID)
		}
		seen[cam.ID] = true
	}
	return nil
}

func (c *Config) checkSerial() error {
	seen := map[string]bool{}
	for i, l := range c.Serial {
		key := func(k string) string { return fmt.Sprintf("serial.%d.%s", i, k) }
		switch {
		case !filepath.IsAbs(l.Port):
			return strict.Bad(key("port"), "%q is not a path such as /dev/ttyS1", l.Port)
		case seen[l.Port]:
			return strict.Bad(key("port"), "%s is set twice", l.Port)
		case l.Baud != 0 && (l.Baud < 300 || l.Baud > 4_000_000):
			return strict.Bad(key("baud"), "must be 300 to 4000000")
		case l.DataBits != 0 && l.DataBits != 7 && l.DataBits != 8:
			return strict.Bad(key("data_bits"), "must be 7 or 8")
		case !slices.Contains([]string{"", "none", "even", "odd"}, l.Parity):
			return strict.Bad(key("parity"), "%q is none of none, even, odd", l.Parity)
		case l.StopBits < 0 || l.StopBits > 2:
			return strict.Bad(key("stop_bits"), "must be 1 or 2")
		}
		seen[l.Port] = true
	}
	return nil
}

// deviceAddress is host:port to dial, :port to listen on, or the path of a serial port.
func deviceAddress(a string) error {
	if filepath.IsAbs(a) {
		return nil
	}
	if host, port, err := net.SplitHostPort(a); err == nil && host == "" {
		return address("0.0.0.0:" + port)
	}
	return address(a)
}
