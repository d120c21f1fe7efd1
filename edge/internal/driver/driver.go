// Package driver is the contract of everything that reads a device. The poller holds open devices, one
// folder below implements each protocol, and edge/app has the table of them. Rule that must never break:
// a driver invents nothing; what the device did not say is an error or is missing.
package driver

import (
	"context"
	"errors"

	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/wire"
)

// Options of one device.
type Options struct {
	ID      string // of the sensor, for messages
	Address string // host:port
	Unit    uint8  // Modbus unit; 0 takes the profile's
	Profile *profile.Profile
}

// Opener makes a device. It connects at the first Read, and again after an error.
type Opener func(o Options) (Device, error)

// Device is one sensor.
type Device interface {
	// Read asks the device once. It may return samples together with an error, when a part of the device
	// answered. The errors wrap those of this package.
	Read(ctx context.Context) ([]Sample, error)
	// Close ends the connection.
	Close() error
}

// Sample is one value as the device gave it.
type Sample struct {
	Property string
	Value    float64
	Quality  wire.Quality
}

// The errors of Read, in the words of a technician.
var (
	ErrUnreachable = errors.New("no connection")
	ErrTimeout     = errors.New("no answer in time")
	ErrException   = errors.New("device refuses the request")
	ErrMalformed   = errors.New("answer makes no sense")
	ErrNoValue     = errors.New("device has no value")
)
