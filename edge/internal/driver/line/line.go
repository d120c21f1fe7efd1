// Package line opens what a device hangs on: a serial port, or a TCP connection to the device or to the
// serial server before it. The drivers of Modbus and NMEA use it. Rule that must never break: a read ends
// by its deadline, whatever hangs on the line.
package line

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.bug.st/serial"

	"github.com/fengsui/fengsui/edge/internal/driver"
)

// Line is a serial port or a connection. Close ends a Read that waits.
type Line interface {
	Read(p []byte) (int, error) // os.ErrDeadlineExceeded when nothing came in time
	Write(p []byte) (int, error)
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
	Close() error
}

// IsSerial reports whether an address is the path of a serial port.
func IsSerial(address string) bool { return filepath.IsAbs(address) }

// Open dials host:port within a time, or opens the serial port at a path. The error is driver.ErrUnreachable.
func Open(ctx context.Context, address string, s driver.Serial, within time.Duration) (Line, error) {
	if !IsSerial(address) {
		conn, err := (&net.Dialer{Timeout: within}).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
		}
		return conn, nil
	}
	mode, err := Mode(s)
	if err != nil {
		return nil, err
	}
	p, err := serial.Open(address, mode)
	if err != nil {
		return nil, fmt.Errorf("%w: open %s: %w", driver.ErrUnreachable, address, err)
	}
	return &port{Port: p}, nil
}

// Mode is how the port is set; what is left out is 9600 8N1.
func Mode(s driver.Serial) (*serial.Mode, error) {
	m := &serial.Mode{BaudRate: s.Baud, DataBits: s.DataBits}
	if m.BaudRate == 0 {
		m.BaudRate = 9600
	}
	if m.DataBits == 0 {
		m.DataBits = 8
	}
	switch s.Parity {
	case "", "none":
		m.Parity = serial.NoParity
	case "even":
		m.Parity = serial.EvenParity
	case "odd":
		m.Parity = serial.OddParity
	default:
		return nil, fmt.Errorf("parity %q is none of none, even, odd", s.Parity)
	}
	switch s.StopBits {
	case 0, 1:
		m.StopBits = serial.OneStopBit
	case 2:
		m.StopBits = serial.TwoStopBits
	default:
		return nil, fmt.Errorf("%d stop bits are neither 1 nor 2", s.StopBits)
	}
	return m, nil
}

// Character is how long one character takes on the line with start, parity and stop bits.
func Character(s driver.Serial) time.Duration {
	m, err := Mode(s)
	if err != nil {
		return 0
	}
	bits := 1 + m.DataBits + max(s.StopBits, 1)
	if m.Parity != serial.NoParity {
		bits++
	}
	return time.Duration(bits) * time.Second / time.Duration(m.BaudRate)
}

// port is a serial port with deadlines.
type port struct {
	serial.Port

	mu       sync.Mutex
	deadline time.Time
}

// SetReadDeadline implements Line; it holds from the next Read on.
func (p *port) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deadline = t
	return nil
}

// SetWriteDeadline implements Line: the kernel takes a whole frame at once, so there is nothing to wait for.
func (p *port) SetWriteDeadline(time.Time) error { return nil }

// Read implements Line.
func (p *port) Read(b []byte) (int, error) {
	p.mu.Lock()
	deadline := p.deadline
	p.mu.Unlock()
	wait := serial.NoTimeout
	if !deadline.IsZero() {
		if wait = time.Until(deadline); wait <= 0 {
			return 0, os.ErrDeadlineExceeded
		}
		wait = max(wait.Round(time.Millisecond), time.Millisecond) // the library counts in milliseconds
	}
	if err := p.SetReadTimeout(wait); err != nil {
		return 0, fmt.Errorf("read serial port: %w", err)
	}
	n, err := p.Port.Read(b)
	switch e, ok := errors.AsType[*serial.PortError](err); {
	case ok && e.Code() == serial.PortClosed:
		return n, net.ErrClosed
	case err != nil:
		return n, fmt.Errorf("read serial port: %w", err)
	case n == 0:
		return 0, os.ErrDeadlineExceeded
	}
	return n, nil
}
