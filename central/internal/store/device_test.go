package store_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestADeviceKeepsItsEnglishName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ca, err := device.OpenAuthority(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		devices := &device.Service{Store: store.NewDevices(db), Tx: db, Events: event.NewBus(nil), CA: ca, Log: slog.New(slog.DiscardHandler)}
		ctx := actor.WithSystem(t.Context(), "test")
		if _, err := devices.Create(ctx, device.New{ID: "edge", Kind: device.Edge, Name: "洋口闸终端", Division: "320623"}); err != nil {
			t.Fatal(err)
		}
		english, long := " Yangkou sluice ", strings.Repeat("x", 201)
		if _, err := devices.Update(ctx, "edge", device.Change{NameEN: &english}); err != nil {
			t.Fatal(err)
		}
		if _, err := devices.Update(ctx, "edge", device.Change{NameEN: &long}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a name of 201 bytes: %v", err)
		}
		if r, err := store.NewDevices(db).Device(ctx, "edge"); err != nil || r.NameEN != "Yangkou sluice" || r.Name != "洋口闸终端" {
			t.Errorf("got %q %q, %v", r.Name, r.NameEN, err)
		}
	})
}
