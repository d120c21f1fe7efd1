// Package driver is the contract of everything that reads a device. The poller holds open devices, one
// folder below implements each protocol, and edge/app has the table of them. Rule that must never break:
// a driver invents nothing; what the device did not say is an error or is missing.
package driver

import (
	"context"
	"errors"
	"time"

	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/wire"
)

// Options of one device.
type Options struct {
	ID      string // of the sensor, for messages
	Address string // host:port to dial, host:port or :port to listen on, or the path of a serial port
	Unit    uint8  // Modbus unit; 0 takes the profile's
	Station string // by which a device that calls in names itself: MN (HJ 212), station address (SL 651), path (HTTP), topic (MQTT)
	Secret  string // password, token or community that the device shares with the agent; empty for none
	Serial  Serial // when Address is a serial port
	Profile *profile.Profile

	// Time takes the time of a satellite receiver that has a fix; an error says that it cannot be true. May be nil.
	Time func(at time.Time) error
}

// Serial is how a serial line is set. The zero value is 9600 8N1.
type Serial struct {
	Baud     int    // 0: 9600
	DataBits int    // 0: 8
	Parity   string // none, even or odd; empty: none
	StopBits int    // 0: 1
}

// Opener makes a device: a Reader, a Source or a Switch. It touches neither network nor port: that begins with the
// first Read or with Listen, and again after an error.
type Opener func(o Options) (Device, error)

// Device is one sensor.
type Device interface {
	// Close ends the connection. It is called once, after the last Read, Listen, Set or Get has returned.
	Close() error
}

// Reader is a device that is asked.
type Reader interface {
	Device
	// Read asks the device once. It may return samples together with an error, when a part of the device
	// answered. The errors wrap those of this package, damaged answers a *Fault. What else it refuses it
	// gives to Refused.
	Read(ctx context.Context) ([]Sample, error)
}

// Source is a device that speaks by itself.
type Source interface {
	Device
	// Listen hands over what the device says until ctx ends or nothing more can be heard; it is called
	// again later then. It acknowledges to the device only what Take has taken.
	Listen(ctx context.Context, sink Sink) error
}

// Switch is a device with outputs (profile.Output). It may read or listen as well, or do neither. Set and
// Get may be called at any time between Open and Close, also while Read or Listen runs.
type Switch interface {
	Device
	// Set switches an output and returns when the device has confirmed it. The errors are those of Read.
	Set(ctx context.Context, output string, on bool) error
	// Get asks how an output stands. It is called only for outputs with readback.
	Get(ctx context.Context, output string) (on bool, err error)
}

// ErrNoOutput says that the profile has no output of that name.
var ErrNoOutput = errors.New("device has no such output")

// Sink takes what a source hears. It may be used by several goroutines.
type Sink interface {
	// Take returns nil when the message is durable. ErrTooFast and any other error mean that it is not,
	// and that the device must not be told it was.
	Take(ctx context.Context, m Message) error
	// Fault counts a frame that was refused.
	Fault(f *Fault)
}

// Message is what a device said at once.
type Message struct {
	Samples []Sample
	Urgent  bool   // the device itself calls it an alarm: it overtakes everything else
	Key     string // the same for the same message sent again, which is then taken once; empty: nobody can tell
	Sent    int64  // the device's own clock when it sent this, Unix milliseconds; 0: it did not say
	Raw     []byte // the frame that said it, without its password, for faults; nil: it had none
}

// Sample is one value as the device gave it.
type Sample struct {
	Property string
	Value    float64
	Quality  wire.Quality
	At       int64  // device time, Unix milliseconds; 0: the device said none, it is now
	Raw      []byte // the frame that it stood in, for faults; nil: that of the Message, or the library hides it
}
