package profile

import (
	"regexp"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/shared/strict"
)

// The versions of SNMP and what version 3 may use (RFC 3414, RFC 3826, RFC 7860).
const (
	V2C = "v2c"
	V3  = "v3"
)

var (
	snmpAuth = []string{"sha", "sha256", "sha512"}
	snmpPriv = []string{"none", "aes", "aes256"}
	oid      = regexp.MustCompile(`^[0-2](\.[0-9]{1,10}){1,63}$`)
)

// SNMPSection is which objects are asked for.
type SNMPSection struct {
	Version string       `yaml:"version" json:"version"`
	Auth    string       `yaml:"auth,omitempty" json:"auth,omitempty"`       // of v3: sha, sha256, sha512
	Privacy string       `yaml:"privacy,omitempty" json:"privacy,omitempty"` // of v3: none, aes, aes256
	Objects []SNMPObject `yaml:"objects" json:"objects"`
}

// SNMPObject is one number. Its value is the number × scale + offset; a text that is a number is taken.
type SNMPObject struct {
	Property string   `yaml:"property" json:"property"`
	OID      string   `yaml:"oid" json:"oid"`                         // of the instance, 1.3.6.1.2.1.1.3.0
	Scale    float64  `yaml:"scale,omitempty" json:"scale,omitempty"` // left out: 1
	Offset   float64  `yaml:"offset,omitempty" json:"offset,omitempty"`
	Min      *float64 `yaml:"min,omitempty" json:"min,omitempty"`
	Max      *float64 `yaml:"max,omitempty" json:"max,omitempty"`
	Invalid  []int64  `yaml:"invalid,omitempty" json:"invalid,omitempty"` // numbers by which the device says that it has no value
}

// check implements section.
func (s *SNMPSection) check(p *Profile) (map[string]bool, error) {
	seen, asked := map[string]bool{}, map[string]bool{}
	switch {
	case s.Version != V2C && s.Version != V3:
		return nil, strict.Bad("version", "%q is neither %s nor %s", s.Version, V2C, V3)
	case s.Version == V2C && s.Auth != "":
		return nil, strict.Bad("auth", "belongs to %s", V3)
	case s.Version == V2C && s.Privacy != "":
		return nil, strict.Bad("privacy", "belongs to %s", V3)
	case s.Version == V3 && !slices.Contains(snmpAuth, s.Auth):
		return nil, strict.Bad("auth", "%q is none of %s", s.Auth, strings.Join(snmpAuth, ", "))
	case s.Version == V3 && !slices.Contains(snmpPriv, s.Privacy):
		return nil, strict.Bad("privacy", "%q is none of %s", s.Privacy, strings.Join(snmpPriv, ", "))
	}
	for i := range s.Objects {
		o := &s.Objects[i]
		switch {
		case !oid.MatchString(o.OID):
			return nil, strict.Bad(item("objects", i, "oid"), "%q is not an object such as 1.3.6.1.2.1.1.3.0", o.OID)
		case asked[o.OID]:
			return nil, strict.Bad(item("objects", i, "oid"), "%s is asked for twice", o.OID)
		}
		if err := p.number("objects", i, seen, number{o.Property, o.Scale, o.Offset, o.Min, o.Max}); err != nil {
			return nil, err
		}
		asked[o.OID] = true
	}
	return seen, nil
}
