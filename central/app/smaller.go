package app

import (
	"context"
	"slices"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/wire"
)

// smallerPicture reports whether a camera has a smaller picture, as its terminal has said last; it may not have said
// anything yet.
func smallerPicture(devices *device.Service) func(context.Context, device.Device) (has, known bool) {
	return func(ctx context.Context, camera device.Device) (has, known bool) {
		reported, err := devices.Reported(ctx, camera.Parent)
		if err != nil {
			return false, false
		}
		return slices.ContainsFunc(reported.Status.Cameras, func(c wire.CameraState) bool { return c.ID == camera.ID && c.Sub != nil }), true
	}
}
