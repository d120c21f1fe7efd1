package video_test

import (
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/video"
)

// The register is what the service asks for cameras.
var _ video.Devices = (*device.Service)(nil)
