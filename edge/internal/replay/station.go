package replay

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

// Frame is what a device sends and what it must be answered. HJ 212 is text, to which CR and LF are added;
// SL 651 is hexadecimal. Two dots in an answer stand for a byte that may be any, such as one of the time.
// What is posted is answered with a status of HTTP, what is published is acknowledged.
type Frame struct {
	Send   string `yaml:"send"`
	Answer string `yaml:"answer"` // empty: nothing
}

// memory is a sink that keeps what a driver hands over.
type memory struct {
	mu      sync.Mutex
	samples []driver.Sample
	urgent  bool
	keys    map[string]bool
	faults  map[string]int
	told    []string
}

// Take implements driver.Sink. As in the agent, what was taken before is counted and not taken again.
func (m *memory) Take(_ context.Context, msg driver.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if msg.Key != "" && m.keys[msg.Key] {
		m.faults[string(driver.KindDuplicate)]++
		return nil
	}
	m.keys[msg.Key] = true
	m.samples = append(m.samples, msg.Samples...)
	m.urgent = m.urgent || msg.Urgent
	return nil
}

// Fault implements driver.Sink.
func (m *memory) Fault(f *driver.Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults[string(f.Kind)]++
	m.told = append(m.told, f.Error())
}

// source listens to a device that speaks by itself while speak is that device, and compares what was heard.
func (c *Case) source(ctx context.Context, p *profile.Profile, open driver.Opener, speak func(ctx context.Context, address string) error) error {
	address, err := free(ctx)
	if err != nil {
		return err
	}
	return c.listen(ctx, driver.Options{ID: p.ID, Address: address, Station: c.Station, Secret: c.Secret, Profile: p}, open,
		func(ctx context.Context, _ *memory) error { return speak(ctx, address) })
}

func (c *Case) listen(ctx context.Context, o driver.Options, open driver.Opener, speak func(ctx context.Context, heard *memory) error) error {
	d, err := open(o)
	if err != nil {
		return err
	}
	source, ok := d.(driver.Source)
	if !ok {
		return errors.Join(fmt.Errorf("%s does not speak by itself, it is asked", o.ID), d.Close())
	}
	heard := &memory{keys: map[string]bool{}, faults: map[string]int{}}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- source.Listen(ctx, heard) }()
	err = speak(ctx, heard)
	cancel()
	if e := <-ended; !errors.Is(e, context.Canceled) {
		err = errors.Join(e, err)
	}
	if err := errors.Join(err, d.Close()); err != nil {
		return err
	}
	return c.heard(heard)
}

// dialIn plays a station that dials in: it sends its frames, ends its side of the connection and hears the
// answers until the driver ends the other.
func (c *Case) dialIn(ctx context.Context, protocol, address string) error {
	got, err := c.send(ctx, protocol, address)
	if err != nil {
		return err
	}
	return c.answered(protocol, got)
}

func free(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

func (c *Case) send(ctx context.Context, protocol, address string) ([]byte, error) {
	var conn net.Conn
	for {
		var err error
		if conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address); err == nil {
			break
		}
		select { // the driver opens its port in its own time
		case <-ctx.Done():
			return nil, fmt.Errorf("dial the driver: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	for _, f := range c.Frames {
		raw, err := coded(protocol, f.Send)
		if err != nil {
			return nil, err
		}
		if _, err := conn.Write(raw); err != nil {
			break // the driver hung up; what it heard tells why
		}
	}
	if half, ok := conn.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
	got, err := io.ReadAll(conn)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the driver does not end the connection: %w", err)
	}
	return got, nil
}

// coded are the bytes of a frame.
func coded(protocol, text string) ([]byte, error) {
	if protocol == profile.HJ212 {
		return []byte(text + "\r\n"), nil
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		return nil, fmt.Errorf("frame %q is not hexadecimal", text)
	}
	return raw, nil
}

// answered compares the answers, one after the other.
func (c *Case) answered(protocol string, got []byte) error {
	rest := got
	for _, f := range c.Frames {
		if f.Answer == "" {
			continue
		}
		want := []byte(f.Answer + "\r\n")
		if protocol != profile.HJ212 {
			want = []byte(strings.ReplaceAll(f.Answer, " ", ""))
			want = want[:len(want)/2*2]
		}
		n := len(want)
		if protocol != profile.HJ212 {
			n /= 2
		}
		if len(rest) < n || !same(protocol, rest[:n], want) {
			return fmt.Errorf("answered %s, want %s", show(protocol, rest), f.Answer)
		}
		rest = rest[n:]
	}
	if len(rest) > 0 {
		return fmt.Errorf("answered %s as well", show(protocol, rest))
	}
	return nil
}

func same(protocol string, got, want []byte) bool {
	if protocol == profile.HJ212 {
		return bytes.Equal(got, want)
	}
	text := strings.ToUpper(hex.EncodeToString(got))
	for i := range want {
		if want[i] != '.' && text[i] != want[i] {
			return false
		}
	}
	return true
}

func show(protocol string, raw []byte) string {
	if protocol == profile.HJ212 {
		return fmt.Sprintf("%q", raw)
	}
	return fmt.Sprintf("%X", raw)
}

// heard compares what the driver handed over.
func (c *Case) heard(m *memory) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	got, counts := map[string]driver.Sample{}, map[string]int{}
	for _, s := range m.samples {
		got[s.Property] = s
		counts[s.Property]++
	}
	var differ []error
	if err := c.compare(got, nil); err != nil {
		differ = append(differ, err)
	}
	for property, n := range counts {
		if want := max(1, c.Count[property]); n != want {
			differ = append(differ, fmt.Errorf("%s: %d values, want %d", property, n, want))
		}
	}
	for property, want := range c.At {
		at, err := time.Parse(time.RFC3339, want)
		if s := got[property]; err != nil || s.At != at.UnixMilli() {
			differ = append(differ, fmt.Errorf("%s: measured at %s, want %s", property, time.UnixMilli(s.At).In(at.Location()).Format(time.RFC3339), want))
		}
	}
	if m.urgent != c.Urgent {
		differ = append(differ, fmt.Errorf("urgent is %v", m.urgent))
	}
	if !maps.Equal(m.faults, c.Faults) && len(m.faults)+len(c.Faults) > 0 {
		differ = append(differ, fmt.Errorf("refused %v (%s), want %v", m.faults, strings.Join(m.told, "; "), c.Faults))
	}
	slices.SortFunc(differ, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(differ...)
}
