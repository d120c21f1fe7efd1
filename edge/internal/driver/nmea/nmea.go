// Package nmea reads satellite receivers that send NMEA 0183 sentences on a serial port or over TCP. It listens all the time
// and hands over the newest fix when asked. A damaged sentence is counted with its text and says nothing.
package nmea

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/adrianmo/go-nmea"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/driver/line"
	"github.com/fengsui/fengsui/shared/profile"
)

const (
	// maxLine is generous: NMEA 0183 allows 82 characters, receivers exceed it a little.
	maxLine = 512
	again   = time.Second // between two attempts to connect
)

// device is one receiver.
type device struct {
	address string
	serial  driver.Serial
	timeout time.Duration
	fields  []profile.Field
	time    func(time.Time) error
	begin   sync.Once
	refused func(f *driver.Fault) // from the first Read on
	cancel  context.CancelFunc    // nil before the first Read
	done    chan struct{}

	mu     sync.Mutex
	fix    map[string]driver.Sample // by property; heard since the last Read
	failed error                    // why there is nothing new
	clock  error                    // its time cannot be true
	fixed  time.Time                // when a sentence last said that there is a fix
}

// Open makes a device; it listens from the first Read on.
func Open(o driver.Options) (driver.Device, error) {
	if o.Profile.NMEA == nil {
		return nil, fmt.Errorf("open %s: profile %s is not for NMEA", o.ID, o.Profile.ID)
	}
	return &device{
		address: o.Address, serial: o.Serial, timeout: time.Duration(o.Profile.Timeout), fields: o.Profile.NMEA.Fields, time: o.Time,
		fix: map[string]driver.Sample{}, failed: driver.ErrNoValue,
	}, nil
}

// Read implements driver.Reader. A receiver that is heard but has said nothing new since the last Read is
// no error: the connection's own deadline finds the silent one.
func (d *device) Read(ctx context.Context) ([]driver.Sample, error) {
	d.begin.Do(func() {
		ctx, d.cancel = context.WithCancel(context.WithoutCancel(ctx))
		d.done, d.refused = make(chan struct{}), driver.Refused(ctx)
		go d.listen(ctx)
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.fix) == 0 {
		return nil, d.failed
	}
	var out []driver.Sample
	for _, f := range d.fields {
		if s, ok := d.fix[f.Property]; ok {
			out = append(out, s)
			delete(d.fix, f.Property) // a value handed on once is not handed on again as if it were new
		}
	}
	wrong := d.clock
	d.clock = nil
	return out, wrong
}

// Close implements driver.Device.
func (d *device) Close() error {
	if d.cancel != nil {
		d.cancel()
		<-d.done
	}
	return nil
}

func (d *device) listen(ctx context.Context) {
	defer close(d.done)
	for ctx.Err() == nil {
		err := d.session(ctx)
		d.mu.Lock()
		d.failed = err
		d.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

// session reads one connection until it breaks.
func (d *device) session(ctx context.Context) error {
	conn, err := line.Open(ctx, d.address, d.serial, d.timeout)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	lines := bufio.NewScanner(conn)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	lines.Split(split())
	for first := true; ; first = false {
		if err := conn.SetReadDeadline(time.Now().Add(d.timeout)); err != nil {
			return fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
		}
		if !lines.Scan() {
			return broken(lines.Err())
		}
		line := lines.Text()
		if line == "" || first && line[0] != '$' && line[0] != '!' { // one listens from the middle of a sentence on
			continue
		}
		d.take(line)
	}
}

// split cuts at the ends of lines. Of a line that is too long it gives the beginning and drops the rest.
func split() bufio.SplitFunc {
	long := false
	return func(data []byte, end bool) (int, []byte, error) {
		n, line, err := bufio.ScanLines(data, end)
		switch {
		case n > 0 && long:
			long = false
			return n, nil, err
		case n == 0 && len(data) >= maxLine:
			if long {
				return len(data), nil, nil
			}
			long = true
			return len(data), data, nil
		}
		return n, line, err
	}
}

func broken(err error) error {
	switch {
	case err == nil:
		return fmt.Errorf("%w: receiver closed the connection", driver.ErrUnreachable)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return driver.ErrTimeout
	}
	return fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
}

// take keeps what one sentence says, or counts what is wrong with it.
func (d *device) take(line string) {
	kind, numbers, at, err := parse(line)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil && d.time != nil && d.timed(kind, at) {
		if wrong := d.time(at); wrong != nil { // the place is no worse for it
			d.clock = &driver.Fault{Kind: driver.KindClock, Raw: []byte(line), Err: wrong}
		}
	}
	if f, ok := errors.AsType[*driver.Fault](err); ok {
		d.failed = fmt.Errorf("%w: the last sentence is damaged: %s", driver.ErrNoValue, f.Error()) // it is counted once, not with each Read
		d.refused(f)
		return
	}
	if err != nil {
		d.failed = err
		return
	}
	for _, f := range d.fields {
		v, ok := numbers[f.Field]
		if f.Sentence != kind || !ok {
			continue
		}
		if f.Scale != 0 {
			v *= f.Scale
		}
		d.failed = nil
		d.fix[f.Property] = driver.Sample{Property: f.Property, Value: v, Quality: profile.Judge(v, f.Min, f.Max), Raw: []byte(line)}
	}
}

// fixLasts is for how long after a sentence with a fix a ZDA, which does not say whether there is one, is
// believed: without a fix receivers give the time of their own clock.
const fixLasts = 5 * time.Second

// timed reports whether a sentence tells the time by satellites.
func (d *device) timed(kind string, at time.Time) bool {
	switch kind {
	case nmea.TypeRMC, nmea.TypeGGA:
		d.fixed = time.Now()
	case nmea.TypeZDA:
		if time.Since(d.fixed) > fixLasts {
			return false
		}
	}
	return !at.IsZero()
}

// parse reads the numbers and the time of one sentence. kind is RMC, GGA, VTG, HDT or ZDA, empty for any other; the time
// is zero when it says none. Without a fix the error is driver.ErrNoValue; a damaged sentence is a *driver.Fault.
func parse(line string) (kind string, numbers map[string]float64, at time.Time, err error) {
	if len(line) >= maxLine {
		return "", nil, at, driver.NewFault(driver.KindOversized, []byte(line), "line is longer than %d characters", maxLine)
	}
	s, err := nmea.Parse(line)
	if err != nil {
		if _, ok := errors.AsType[*nmea.NotSupportedError](err); ok {
			return "", nil, at, nil
		}
		return "", nil, at, driver.NewFault(kindOf(line), []byte(line), "%w", err)
	}
	switch m := s.(type) {
	case nmea.RMC:
		if m.Validity != nmea.ValidRMC {
			return nmea.TypeRMC, nil, at, fmt.Errorf("%w: no fix", driver.ErrNoValue)
		}
		return nmea.TypeRMC, filled(m.Fields, map[string]field{
			"lat": {2, m.Latitude}, "lon": {4, m.Longitude}, "speed_knots": {6, m.Speed}, "course": {7, m.Course},
		}), timeOf(m), nil
	case nmea.GGA:
		if m.FixQuality == nmea.Invalid {
			return nmea.TypeGGA, nil, at, fmt.Errorf("%w: no fix", driver.ErrNoValue)
		}
		return nmea.TypeGGA, filled(m.Fields, map[string]field{
			"lat": {1, m.Latitude}, "lon": {3, m.Longitude}, "satellites": {6, float64(m.NumSatellites)}, "hdop": {7, m.HDOP}, "altitude": {8, m.Altitude},
		}), at, nil
	case nmea.VTG: // $--VTG,x.x,T,x.x,M,x.x,N,x.x,K,a: track made good, in degrees from true and magnetic north, and speed
		if m.FFAMode == nmea.FAAModeDataNotValid {
			return nmea.TypeVTG, nil, at, fmt.Errorf("%w: no fix", driver.ErrNoValue)
		}
		return nmea.TypeVTG, filled(m.Fields, map[string]field{"course": {0, m.TrueTrack}, "speed_knots": {4, m.GroundSpeedKnots}}), at, nil
	case nmea.HDT: // $--HDT,x.x,T: where the bow points, in degrees from true north; it needs no satellites
		return nmea.TypeHDT, filled(m.Fields, map[string]field{"heading": {0, m.Heading}}), at, nil
	case nmea.ZDA:
		return nmea.TypeZDA, nil, utc(m.Year, m.Month, m.Day, m.Time), nil
	}
	return "", nil, at, nil
}

// kindOf tells how a sentence is damaged.
func kindOf(line string) driver.Kind {
	body, sum, whole := strings.Cut(line, nmea.ChecksumSep)
	switch {
	case !whole:
		return driver.KindShort
	case nmea.Checksum(strings.TrimLeft(body, nmea.SentenceStart+nmea.SentenceStartEncapsulated)) != strings.ToUpper(sum):
		return driver.KindChecksum
	}
	return driver.KindMalformed
}

// timeOf is the time of an RMC whose place comes from satellites and not from dead reckoning, by hand or from
// a simulator.
func timeOf(m nmea.RMC) time.Time {
	if !m.Date.Valid || !strings.Contains("ADFPR", m.FFAMode) {
		return time.Time{}
	}
	return utc(2000+int64(m.Date.YY), int64(m.Date.MM), int64(m.Date.DD), m.Time)
}

// utc is a time of the calendar, zero when there is none such.
func utc(year, month, day int64, t nmea.Time) time.Time {
	if !t.Valid || year < 1980 || year > 2199 {
		return time.Time{}
	}
	at := time.Date(int(year), time.Month(month), int(day), t.Hour, t.Minute, t.Second, t.Millisecond*int(time.Millisecond), time.UTC)
	if at.Month() != time.Month(month) || at.Day() != int(day) || t.Hour > 23 {
		return time.Time{}
	}
	return at
}

// field is a number and where it stands in its sentence.
type field struct {
	at     int
	number float64
}

// filled leaves out what the receiver left empty: the library reads that as 0, which is a place off
// Africa.
func filled(raw []string, fields map[string]field) map[string]float64 {
	out := map[string]float64{}
	for name, f := range fields {
		if f.at < len(raw) && raw[f.at] != "" && !math.IsNaN(f.number) && !math.IsInf(f.number, 0) {
			out[name] = f.number
		}
	}
	return out
}
