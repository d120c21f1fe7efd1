package nmea

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/strict"
)

const (
	fixed   = "$GNRMC,041500.00,A,3203.31980,N,12135.73240,E,17.49,090.0,241126,,,A*47"
	counted = "$GNGGA,041500.00,3203.31980,N,12135.73240,E,1,14,0.8,4.0,M,8.0,M,,*44"
	noFix   = "$GNRMC,041501.00,V,,,,,,,241126,,,N*60"
	damaged = "$GNRMC,041500.00,A,3203.31980,N,12135.73240,E,17.49,090.0,241126,,,A*00"
)

func receiver() *profile.Profile {
	return &profile.Profile{ID: "nmea", Timeout: strict.Duration(2 * time.Second), NMEA: &profile.NMEA{Fields: []profile.Field{
		{Property: "lon", Sentence: "RMC", Field: "lon"},
		{Property: "lat", Sentence: "RMC", Field: "lat"},
		{Property: "speed", Sentence: "RMC", Field: "speed_knots", Scale: 1852.0 / 3600},
		{Property: "satellites", Sentence: "GGA", Field: "satellites"},
	}}}
}

func TestReceiverIsHeardAndComesBack(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			// One round of sentences, then the line breaks, as it does on a car.
			_, _ = c.Write([]byte(strings.Join([]string{damaged, "$GNTXT,x*00", fixed, counted, ""}, "\r\n")))
			_ = c.Close()
		}
	}()
	d, err := Open(driver.Options{ID: "gps", Address: l.Addr().String(), Profile: receiver()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	for range 2 {
		got := wait(t, d.(driver.Reader))
		if len(got) != 4 || math.Abs(got[0].Value-121.59554) > 1e-6 || math.Abs(got[1].Value-32.05533) > 1e-6 ||
			math.Abs(got[2].Value-8.997633) > 1e-5 || got[3].Value != 14 {
			t.Fatalf("got %+v", got)
		}
	}
}

// wait reads until all four values are there; a Read may fall between two sentences.
func wait(t *testing.T, d driver.Reader) []driver.Sample {
	t.Helper()
	var got []driver.Sample
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if samples, err := d.Read(t.Context()); err == nil {
			got = append(got, samples...)
		}
		if len(got) == 4 {
			return got
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatal("no fix in 10 s")
	return nil
}

func TestNoFixIsNoPosition(t *testing.T) {
	if _, _, _, err := parse(noFix); !errors.Is(err, driver.ErrNoValue) {
		t.Errorf("no fix: got %v", err)
	}
	for line, kind := range map[string]driver.Kind{
		damaged: driver.KindChecksum, fixed[:40]: driver.KindShort, sentence("GNRMC,25:00,Q"): driver.KindMalformed, strings.Repeat("x", maxLine): driver.KindOversized,
	} {
		_, _, _, err := parse(line)
		if f := driver.FaultOf(err); f == nil || f.Kind != kind || !errors.Is(err, driver.ErrMalformed) || !strings.HasPrefix(line, string(f.Raw)) || len(f.Raw) == 0 {
			t.Errorf("%s: got %+v, want %s", line, f, kind)
		}
	}
}

func TestCourseAndHeadingAreRead(t *testing.T) {
	for line, want := range map[string]map[string]float64{
		"$GPHDT,274.07,T*03":                            {"heading": 274.07}, // the example that gpsd prints of this sentence
		"$GPVTG,220.86,T,,M,2.550,N,4.724,K,A*34":       {"course": 220.86, "speed_knots": 2.55},
		sentence("GNVTG,,T,,M,0.010,N,0.019,K,A"):       {"speed_knots": 0.01},                  // standing: no course
		sentence("GNVTG,45.5,T,67.5,M,30.45,N,56.40,K"): {"course": 45.5, "speed_knots": 30.45}, // before NMEA 2.3
		sentence("HEHDT,,T"):                            {},
	} {
		kind, numbers, at, err := parse(line)
		if err != nil || kind == "" || !at.IsZero() || !maps.Equal(numbers, want) {
			t.Errorf("%s: got %s %v, %v", line, kind, numbers, err)
		}
	}
	if _, _, _, err := parse(sentence("GNVTG,,T,,M,,N,,K,N")); !errors.Is(err, driver.ErrNoValue) {
		t.Errorf("no fix: got %v", err)
	}
	for _, line := range []string{sentence("HEHDT,274.07,M"), sentence("HEHDT,north,T"), sentence("GNVTG,x,T,,M,,N,,K,A")} {
		if _, _, _, err := parse(line); driver.FaultOf(err) == nil {
			t.Errorf("%s: got %v", line, err)
		}
	}
}

// TestTheNewestOfTwoSentencesCounts where both fill a property, and is handed over once.
func TestTheNewestOfTwoSentencesCounts(t *testing.T) {
	d := &device{fix: map[string]driver.Sample{}, fields: []profile.Field{
		{Property: "course", Sentence: "RMC", Field: "course"},
		{Property: "course", Sentence: "VTG", Field: "course"},
		{Property: "heading", Sentence: "HDT", Field: "heading"},
	}}
	d.begin.Do(func() {})
	for _, line := range []string{fixed, sentence("GNVTG,91.5,T,,M,17.49,N,32.39,K,A"), sentence("GNHDT,270.0,T")} {
		d.take(line)
	}
	got, err := d.Read(t.Context())
	if err != nil || len(got) != 2 || got[0].Value != 91.5 || got[1].Property != "heading" || got[1].Value != 270 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestEmptyFieldIsNotZero(t *testing.T) {
	body := "GNRMC,041500.00,A,,,,,,,241126,,,A"
	sum := byte(0)
	for i := range len(body) {
		sum ^= body[i]
	}
	kind, numbers, _, err := parse(fmt.Sprintf("$%s*%02X", body, sum))
	if err != nil || kind != "RMC" || len(numbers) != 0 {
		t.Errorf("got %s %v, %v; a position of 0, 0 lies off Africa", kind, numbers, err)
	}
}

func TestReceiverThatPausesIsNoFaultAndItsValuesAreNotRepeated(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	quiet := make(chan struct{})
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = c.Write([]byte(fixed + "\r\n" + counted + "\r\n"))
		<-quiet
		_ = c.Close()
	}()
	defer close(quiet)
	d, err := Open(driver.Options{ID: "gps", Address: l.Addr().String(), Profile: receiver()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	wait(t, d.(driver.Reader))
	if got, err := d.(driver.Reader).Read(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("while the receiver pauses: %+v, %v", got, err)
	}
}

// TestDamagedSentencesAreEachCountedOnceWithTheirText beside the fix that comes between them.
func TestDamagedSentencesAreEachCountedOnceWithTheirText(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	served := make(chan struct{})
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		// It begins within a sentence, which is nobody's fault; one line is far too long.
		_, _ = c.Write([]byte(strings.Join([]string{fixed[30:], damaged, "", "$GNTXT,x*00", fixed, strings.Repeat("y", 3*maxLine), fixed[:40], counted, ""}, "\r\n")))
		<-served
		_ = c.Close()
	}()
	defer close(served)
	d, err := Open(driver.Options{ID: "gps", Address: l.Addr().String(), Profile: receiver()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	var mu sync.Mutex
	var refused []string
	ctx := driver.WithRefused(t.Context(), func(f *driver.Fault) {
		mu.Lock()
		defer mu.Unlock()
		refused = append(refused, fmt.Sprintf("%s %.12s", f.Kind, f.Raw))
	})
	got := map[string]driver.Sample{}
	for end := time.Now().Add(10 * time.Second); len(got) < 4 && time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		samples, err := d.(driver.Reader).Read(ctx)
		if err != nil && !errors.Is(err, driver.ErrNoValue) {
			t.Errorf("counted again by the Read: %v", err)
		}
		for _, s := range samples {
			got[s.Property] = s
		}
	}
	if string(got["lat"].Raw) != fixed || string(got["satellites"].Raw) != counted {
		t.Errorf("got %+v, without their sentences", got)
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"checksum $GNRMC,04150", "checksum $GNTXT,x*00", "oversized yyyyyyyyyyyy", "short $GNRMC,04150"}; !slices.Equal(refused, want) {
		t.Errorf("refused %q, want %q", refused, want)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(fixed + "\r\n" + counted + "\n"))
	f.Add([]byte(strings.Repeat("z", 3*maxLine) + "\n" + fixed))
	f.Add([]byte("\n\n\r"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Buffer(make([]byte, 0, maxLine), maxLine)
		lines.Split(split())
		for lines.Scan() {
			if len(lines.Bytes()) > maxLine {
				t.Errorf("a line of %d", len(lines.Bytes()))
			}
		}
		if lines.Err() != nil {
			t.Error(lines.Err())
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{
		fixed, counted, noFix, damaged, "$", "!AIVDM,1,1,,A,x,0*00", "$GNZDA,041500.25,24,11,2026,00,00*7A", "\\s:x*00\\$GNRMC*00",
		sentence("GNVTG,220.86,T,,M,2.550,N,4.724,K,A"), sentence("GNVTG,,T,,M,,N,,K,N"), sentence("HEHDT,274.07,T"), sentence("HEHDT,,T"), sentence("HEHDT,NaN,T"), "$GPHDT,274.07,T*00",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if kind, numbers, at, err := parse(line); err != nil && (len(numbers) > 0 || !at.IsZero()) {
			t.Errorf("%s with an error and numbers", kind)
		}
	})
}

// sentence adds the checksum.
func sentence(body string) string {
	sum := byte(0)
	for i := range len(body) {
		sum ^= body[i]
	}
	return fmt.Sprintf("$%s*%02X", body, sum)
}

func TestTimeIsToldOnlyWithAFixOfSatellites(t *testing.T) {
	var told []time.Time
	d := &device{fix: map[string]driver.Sample{}, time: func(at time.Time) error {
		told = append(told, at)
		return nil
	}}
	want := time.Date(2026, 11, 24, 4, 15, 0, 250e6, time.UTC)
	zda := sentence("GNZDA,041500.25,24,11,2026,00,00")
	rmc := "GNRMC,041500.25,A,3203.31980,N,12135.73240,E,17.49,090.0,241126,,,"
	for _, c := range []struct {
		line string
		told bool
	}{
		{zda, false}, // of the receiver's own clock, as far as anybody knows
		{noFix, false},
		{sentence(rmc + "E"), false}, // dead reckoning
		{sentence(strings.Replace(rmc, "241126", "", 1) + "A"), false},
		{sentence(strings.Replace(rmc, "241126", "310226", 1) + "A"), false},
		{sentence(rmc + "A"), true},
		{zda, true},
	} {
		told = nil
		if d.take(c.line); (len(told) == 1) != c.told || (c.told && !told[0].Equal(want)) {
			t.Errorf("%s tells %v", c.line, told)
		}
	}
	d.fixed = time.Now().Add(-2 * fixLasts)
	told = nil
	if d.take(zda); len(told) != 0 {
		t.Errorf("long after the fix: %v", told)
	}
}

func TestATimeThatCannotBeTrueIsAFaultBesideThePlace(t *testing.T) {
	d := &device{fix: map[string]driver.Sample{}, fields: receiver().NMEA.Fields, time: func(time.Time) error { return errors.New("cannot be true") }}
	d.begin.Do(func() {})
	d.take(fixed)
	got, err := d.Read(t.Context())
	if f := driver.FaultOf(err); len(got) != 3 || f == nil || f.Kind != driver.KindClock || string(f.Raw) != fixed {
		t.Errorf("got %+v, %v", got, err)
	}
}
