package fleet

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
)

// DeviceKind is a profile as a form needs it: what the device is and what has to be said of one.
type DeviceKind struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	NameEN   string          `json:"name_en"`
	Vendor   string          `json:"vendor"`
	Model    string          `json:"model"`
	Class    string          `json:"class"`
	Protocol string          `json:"protocol"`
	Source   string          `json:"source"`
	Verified bool            `json:"verified"` // somebody has read a real device with it
	Every    string          `json:"every"`    // its usual interval, as in configurations: 5s
	Unit     int             `json:"unit"`     // its usual address on a bus
	Needs    []string        `json:"needs" enum:"serial,network,listen,unit,station,path,secret,secret_if"`
	Series   []device.Series `json:"series"`
}

// DeviceKinds lists the profiles of the centre, by class and id. Terminals have their own copy; one that is
// older refuses a profile that it does not know and goes back.
func (s *Service) DeviceKinds(ctx context.Context) ([]DeviceKind, error) {
	if _, err := actor.Require(ctx, actor.DeviceRead); err != nil {
		return nil, err
	}
	out := []DeviceKind{}
	for _, p := range s.Profiles {
		k := DeviceKind{
			ID: p.ID, Name: p.Name, NameEN: p.NameEN, Vendor: p.Vendor, Model: p.Model, Class: p.Class, Protocol: p.Protocol, Source: p.Source,
			Verified: p.Verified, Every: time.Duration(p.Every).String(), Needs: p.Needs(), Series: []device.Series{},
		}
		for _, one := range p.Series {
			k.Series = append(k.Series, device.Series{Property: one.Property, Name: one.Name, NameEN: one.NameEN, Unit: one.Unit, Digits: one.Digits})
		}
		if p.Modbus != nil {
			k.Unit = int(p.Modbus.Unit)
		}
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b DeviceKind) int { return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}
