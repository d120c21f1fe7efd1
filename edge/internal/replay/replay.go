// Package replay plays recorded exchanges of a device to the real driver and compares what it reads with
// what the recording says. "profile test" and the tests of the shipped profiles use it. Rule that must
// never break: the bytes go over a real connection through the driver that the agent runs, so that a
// profile that passes here reads the same way in the field.
package replay

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/wire"
)

// Case is one recording. A Modbus or SNMP device has exchanges, a receiver or a recorded file has lines, a
// device that speaks by itself has frames, lines of the terminal have levels.
type Case struct {
	File      string             `yaml:"-"`
	Name      string             `yaml:"name"`
	Exchanges []Exchange         `yaml:"exchanges"`
	Lines     []string           `yaml:"lines"`
	Station   string             `yaml:"station"` // of frames: the name that the agent is told
	Secret    string             `yaml:"secret"`  // of frames: the password that the agent is told
	Frames    []Frame            `yaml:"frames"`
	Levels    map[int]int        `yaml:"levels"` // by GPIO number: 0 or 1
	Switch    string             `yaml:"switch"` // of exchanges or levels: the output that is switched instead of reading
	To        string             `yaml:"to"`     // of Switch: on or off
	Then      map[int]int        `yaml:"then"`   // of Switch over levels: how the lines stand afterwards
	Want      map[string]float64 `yaml:"want"`
	Bad       []string           `yaml:"bad"`    // of Want: read, but out of the range of the device
	Error     string             `yaml:"error"`  // instead of Want, or of what Switch is to do: exception, no fix, no answer …
	At        map[string]string  `yaml:"at"`     // of frames: when it was measured, 2026-11-24T08:00:00+08:00
	Count     map[string]int     `yaml:"count"`  // of frames: how many values there are, when more than one; Want has the last
	Urgent    bool               `yaml:"urgent"` // of frames: the station itself calls it an alarm
	Faults    map[string]int     `yaml:"faults"` // of frames: what is refused, by kind
}

// Exchange is one request with its answer, whole messages in hexadecimal. The transaction number of Modbus
// TCP and the request number of SNMP are not compared. Without a response the device is silent. Over MQTT both are
// a topic, a space and what is published there.
type Exchange struct {
	Request  string `yaml:"request"`
	Response string `yaml:"response"`
}

// patience is how long the driver may take.
const patience = 5 * time.Second

// errorsOf are the errors that a case may expect.
var errorsOf = map[string]error{
	"exception": driver.ErrException, "no fix": driver.ErrNoValue, "no value": driver.ErrNoValue, "malformed": driver.ErrMalformed,
	"no answer": driver.ErrTimeout,
}

// Dir is where the cases of a profile are: beside the folder of profiles.
func Dir(profileFile, id string) string {
	return filepath.Join(filepath.Dir(profileFile), "..", "..", "testdata", id)
}

// Load reads the cases of a folder in order of name; a folder that is not there has none.
func Load(dir string) ([]Case, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil {
		return nil, fmt.Errorf("find test cases: %w", err)
	}
	sort.Strings(files)
	var out []Case
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read test case: %w", err)
		}
		c := Case{File: file}
		dec := yaml.NewDecoder(bytes.NewReader(text))
		dec.KnownFields(true)
		if err := dec.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		switch {
		case c.Name == "":
			return nil, fmt.Errorf("%s: name is missing", file)
		case count(len(c.Exchanges) > 0, len(c.Lines) > 0, len(c.Frames) > 0, len(c.Levels) > 0) != 1:
			return nil, fmt.Errorf("%s: give exchanges, lines, frames or levels", file)
		case (c.Switch != "") != (c.To == profile.On || c.To == profile.Off):
			return nil, fmt.Errorf("%s: switch needs to: on or off", file)
		case (len(c.Then) > 0) != (c.Switch != "" && len(c.Levels) > 0 && c.Error == ""):
			return nil, fmt.Errorf("%s: then belongs to a switch over levels, which needs it: the levels afterwards", file)
		case count(len(c.Want) > 0, c.Error != "", len(c.Frames) > 0 && len(c.Want) == 0, c.Switch != "" && c.Error == "") != 1:
			return nil, fmt.Errorf("%s: give want, switch or error", file)
		case c.Error != "" && errorsOf[c.Error] == nil:
			return nil, fmt.Errorf("%s: error %q is none that a driver has", file, c.Error)
		}
		out = append(out, c)
	}
	return out, nil
}

func count(all ...bool) (n int) {
	for _, one := range all {
		if one {
			n++
		}
	}
	return n
}

// Run plays a case to a driver and says how what it read differs.
func Run(ctx context.Context, p *profile.Profile, c Case, open driver.Opener) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch {
	case p.Protocol == profile.HTTPPush:
		return c.source(ctx, p, open, c.post)
	case p.Protocol == profile.MQTTIn && c.Switch != "":
		return c.order(ctx, p, open)
	case p.Protocol == profile.MQTTIn:
		return c.publish(ctx, p, open)
	case p.Protocol == profile.Recording:
		return c.file(ctx, p, open)
	case p.Protocol == profile.GPIO:
		return c.levels(ctx, p, open)
	case p.Protocol == profile.SNMP:
		return c.snmp(ctx, p, open)
	case len(c.Frames) > 0:
		return c.source(ctx, p, open, func(ctx context.Context, address string) error { return c.dialIn(ctx, p.Protocol, address) })
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	played := make(chan error, 1)
	go func() { played <- c.play(ctx, l, p.Protocol) }()
	err = errors.Join(c.ask(ctx, driver.Options{ID: p.ID, Address: l.Addr().String(), Profile: p}, open), l.Close())
	if said := <-played; said != nil {
		return said
	}
	return err
}

// ask reads a device and compares what it says.
func (c *Case) ask(ctx context.Context, o driver.Options, open driver.Opener) error {
	d, err := open(o)
	if err != nil {
		return err
	}
	if c.Switch != "" {
		return errors.Join(c.flip(ctx, d, o.Profile), d.Close())
	}
	reader, ok := d.(driver.Reader)
	if !ok {
		return errors.Join(fmt.Errorf("%s is not asked, it speaks by itself", o.ID), d.Close())
	}
	got, last := c.read(ctx, reader)
	if err := d.Close(); err != nil {
		return err
	}
	return c.compare(got, last)
}

// read asks the driver until it has all that is wanted, or what is expected instead.
func (c *Case) read(ctx context.Context, d driver.Reader) (got map[string]driver.Sample, last error) {
	got = map[string]driver.Sample{}
	for ctx.Err() == nil {
		samples, err := d.Read(ctx)
		for _, s := range samples {
			got[s.Property] = s
		}
		last = err
		if len(c.Lines) == 0 || c.complete(got) || (c.Error != "" && errors.Is(err, errorsOf[c.Error])) {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	return got, last
}

func (c *Case) complete(got map[string]driver.Sample) bool {
	for property := range c.Want {
		if _, ok := got[property]; !ok {
			return false
		}
	}
	return len(c.Want) > 0
}

func (c *Case) compare(got map[string]driver.Sample, last error) error {
	if c.Error != "" {
		if !errors.Is(last, errorsOf[c.Error]) || len(got) > 0 {
			return fmt.Errorf("got %s and %d values, want the error %q", fmt.Sprint(last), len(got), c.Error)
		}
		return nil
	}
	if last != nil {
		return fmt.Errorf("read: %w", last)
	}
	var differ []string
	for property, want := range c.Want {
		s, ok := got[property]
		switch {
		case !ok:
			differ = append(differ, property+": not read")
		case math.Abs(s.Value-want) > 1e-6*math.Max(1, math.Abs(want)):
			differ = append(differ, fmt.Sprintf("%s: got %v, want %v", property, s.Value, want))
		case (s.Quality == wire.Bad) != slices.Contains(c.Bad, property):
			differ = append(differ, fmt.Sprintf("%s: got quality %d", property, s.Quality))
		}
	}
	for property := range got {
		if _, ok := c.Want[property]; !ok {
			differ = append(differ, property+": read, but not wanted")
		}
	}
	sort.Strings(differ)
	if len(differ) > 0 {
		return errors.New(strings.Join(differ, "; "))
	}
	return nil
}

// play is the device: it takes connections until the listener is closed.
func (c *Case) play(ctx context.Context, l net.Listener, protocol string) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return nil //nolint:nilerr // closed: the case is over
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		if len(c.Lines) > 0 {
			// What the driver makes of the lines is all that counts; it may hang up at any moment.
			if _, err := io.WriteString(conn, strings.Join(c.Lines, "\r\n")+"\r\n"); err == nil {
				_, _ = io.Copy(io.Discard, conn)
			}
		} else {
			err = c.answer(conn, protocol)
		}
		stop()
		_ = conn.Close()
		if err != nil {
			_ = l.Close()
			return err
		}
	}
}

// answer answers the recorded requests in their order.
func (c *Case) answer(conn net.Conn, protocol string) error {
	for _, x := range c.Exchanges {
		request, err := frame(x.Request)
		if err != nil {
			return err
		}
		var response []byte
		if x.Response != "" {
			if response, err = frame(x.Response); err != nil {
				return err
			}
		}
		got := make([]byte, len(request))
		if _, err := io.ReadFull(conn, got); err != nil {
			return nil //nolint:nilerr // the driver hung up; what it read tells why
		}
		if protocol == profile.ModbusTCP {
			copy(response, got[:2])
			copy(request, got[:2])
		}
		if !bytes.Equal(got, request) {
			return fmt.Errorf("driver asks %x, the recording has %x", got, request)
		}
		if _, err := conn.Write(response); err != nil {
			return nil //nolint:nilerr // the driver hung up; what it read tells why
		}
	}
	_, _ = io.Copy(io.Discard, conn) // until the driver hangs up
	return nil
}

func frame(text string) ([]byte, error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil || len(raw) < 5 {
		return nil, fmt.Errorf("frame %q is not a message in hexadecimal", text)
	}
	return raw, nil
}
