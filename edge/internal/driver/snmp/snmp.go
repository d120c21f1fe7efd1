// Package snmp asks devices over SNMP (v2c, RFC 3416; v3 with user and password, RFC 3414). It only reads.
// Rule that must never break: an object that the device does not have is no value, never 0.
package snmp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

// device is one agent.
type device struct {
	client  func() *gosnmp.GoSNMP // how it is asked; each Read has a socket of its own, so that a late answer finds nobody
	objects []profile.SNMPObject
}

// atOnce is how many objects one request asks for: small devices refuse long lists.
const atOnce = 20

// Open makes a device: address is host:161, Secret the community (v2c), or the password of v3 with that for
// privacy on a second line when it is another; Station is the user of v3.
func Open(o driver.Options) (driver.Device, error) {
	s := o.Profile.SNMP
	if s == nil {
		return nil, fmt.Errorf("open %s: profile %s is not for SNMP", o.ID, o.Profile.ID)
	}
	host, port, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.ID, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.ID, err)
	}
	d := &device{objects: s.Objects, client: func() *gosnmp.GoSNMP {
		return &gosnmp.GoSNMP{
			Target: host, Port: uint16(number), Transport: "udp", Version: gosnmp.Version2c, Community: o.Secret,
			Timeout: time.Duration(o.Profile.Timeout) / 2, Retries: 1, MaxOids: gosnmp.MaxOids,
		}
	}}
	switch {
	case s.Version == profile.V3:
		return d, d.user(s, o)
	case o.Secret == "":
		return nil, fmt.Errorf("open %s: secret_file with the community is missing", o.ID)
	}
	return d, nil
}

// user sets what version 3 needs.
func (d *device) user(s *profile.SNMPSection, o driver.Options) error {
	auth, privacy, _ := strings.Cut(o.Secret, "\n")
	auth, privacy = strings.TrimSpace(auth), strings.TrimSpace(privacy)
	if privacy == "" {
		privacy = auth
	}
	if o.Station == "" || len(auth) < 8 || len(privacy) < 8 {
		return fmt.Errorf("open %s: station must be the user and secret_file hold its password of at least 8 characters", o.ID)
	}
	plain := d.client
	d.client = func() *gosnmp.GoSNMP {
		c, u := plain(), &gosnmp.UsmSecurityParameters{
			UserName: o.Station, AuthenticationPassphrase: auth,
			AuthenticationProtocol: map[string]gosnmp.SnmpV3AuthProtocol{"sha": gosnmp.SHA, "sha256": gosnmp.SHA256, "sha512": gosnmp.SHA512}[s.Auth],
		}
		c.Version, c.Community, c.SecurityModel, c.MsgFlags, c.SecurityParameters = gosnmp.Version3, "", gosnmp.UserSecurityModel, gosnmp.AuthNoPriv, u
		if s.Privacy != "none" {
			c.MsgFlags, u.PrivacyPassphrase = gosnmp.AuthPriv, privacy
			u.PrivacyProtocol = map[string]gosnmp.SnmpV3PrivProtocol{"aes": gosnmp.AES, "aes256": gosnmp.AES256}[s.Privacy]
		}
		return c
	}
	return nil
}

// Close implements driver.Device.
func (*device) Close() error { return nil }

// Read implements driver.Reader.
func (d *device) Read(ctx context.Context) ([]driver.Sample, error) {
	c := d.client()
	c.Context = ctx
	if err := c.Connect(); err != nil {
		return nil, fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
	}
	defer func() { _ = c.Conn.Close() }()
	var out []driver.Sample
	var failed error
	for some := range slices.Chunk(d.objects, atOnce) {
		oids := make([]string, len(some))
		for i, o := range some {
			oids[i] = o.OID
		}
		answer, err := c.Get(oids)
		if err != nil {
			return out, errors.Join(failed, typed(err))
		}
		samples, err := decode(some, answer)
		out, failed = append(out, samples...), errors.Join(failed, err)
	}
	if len(out) == 0 && failed == nil {
		failed = driver.ErrNoValue
	}
	return out, failed
}

// decode takes the values out of one answer.
func decode(objects []profile.SNMPObject, p *gosnmp.SnmpPacket) ([]driver.Sample, error) {
	if p.Error != gosnmp.NoError {
		return nil, fmt.Errorf("%w: %s", driver.ErrException, p.Error)
	}
	if len(p.Variables) != len(objects) {
		return nil, fmt.Errorf("%w: %d objects instead of %d", driver.ErrMalformed, len(p.Variables), len(objects))
	}
	var out []driver.Sample
	var failed error
	for i, o := range objects {
		v := p.Variables[i]
		if strings.TrimPrefix(v.Name, ".") != o.OID {
			return out, fmt.Errorf("%w: object %s instead of %s", driver.ErrMalformed, v.Name, o.OID)
		}
		raw, err := number(v)
		switch {
		case errors.Is(err, driver.ErrNoValue):
			continue
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("%s: %w", o.Property, err))
			continue
		case slices.ContainsFunc(o.Invalid, func(n int64) bool { return float64(n) == raw }):
			continue
		}
		value := profile.Scaled(raw, o.Scale) + o.Offset
		out = append(out, driver.Sample{Property: o.Property, Value: value, Quality: profile.Judge(value, o.Min, o.Max)})
	}
	return out, failed
}

// number is what a variable holds.
func number(v gosnmp.SnmpPDU) (float64, error) {
	switch v.Type {
	case gosnmp.NoSuchObject, gosnmp.NoSuchInstance, gosnmp.EndOfMibView, gosnmp.Null:
		return 0, driver.ErrNoValue
	case gosnmp.Integer, gosnmp.Counter32, gosnmp.Gauge32, gosnmp.TimeTicks, gosnmp.Counter64, gosnmp.Uinteger32:
		n, _ := gosnmp.ToBigInt(v.Value).Float64()
		return n, nil
	case gosnmp.OpaqueFloat, gosnmp.OpaqueDouble:
		n := 0.0
		switch f := v.Value.(type) {
		case float32:
			n = float64(f)
		case float64:
			n = f
		}
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return 0, driver.ErrNoValue
		}
		return n, nil
	case gosnmp.OctetString:
		text, _ := v.Value.([]byte)
		n, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return 0, driver.NewFault(driver.KindMalformed, text, "%.40q is no number", text)
		}
		return n, nil
	default:
		return 0, fmt.Errorf("%w: type %s is no number", driver.ErrMalformed, v.Type)
	}
}

// typed sorts the library's errors.
func typed(err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, gosnmp.ErrUnknownUsername), errors.Is(err, gosnmp.ErrWrongDigest), errors.Is(err, gosnmp.ErrUnknownSecurityLevel), errors.Is(err, gosnmp.ErrDecryption), strings.Contains(err.Error(), "not authentic"):
		return &driver.Fault{Kind: driver.KindDenied, Err: fmt.Errorf("the device refuses user and password: %w", err)}
	case errors.As(err, &timeout) && timeout.Timeout(), strings.Contains(err.Error(), "request timeout"):
		return fmt.Errorf("%w: %w", driver.ErrTimeout, err)
	case errors.As(err, &timeout), strings.Contains(err.Error(), "connection refused"):
		return fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
	}
	return fmt.Errorf("%w: %w", driver.ErrMalformed, err)
}
