package fleet_test

import (
	"slices"
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/fleet"
	"github.com/fengsui/fengsui/shared/profile"
)

func TestEveryProfileSaysWhatAFormAsks(t *testing.T) {
	profiles, err := profile.LoadDir("../../../firmware-configs/profiles")
	if err != nil {
		t.Fatal(err)
	}
	s, err := fleet.New(fleet.Options{Profiles: profiles})
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.DeviceKinds(technician("320623"))
	if err != nil || len(list) != len(profiles) {
		t.Fatalf("%d of %d, %v", len(list), len(profiles), err)
	}
	for _, k := range list {
		if len(k.Needs) == 0 || k.Every == "" || k.Every == "0s" {
			t.Errorf("%+v", k)
		}
	}
	at := slices.IndexFunc(list, func(k fleet.DeviceKind) bool { return k.ID == "generic-water-level-modbus-rtu" })
	if at < 0 || list[at].Unit != 1 || !slices.Equal(list[at].Needs, []string{"serial", "unit"}) || list[at].Every != "5s" {
		t.Errorf("%+v", list[max(at, 0)])
	}
	if _, err := s.DeviceKinds(t.Context()); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("a stranger: %v", err)
	}
}
