package modbus

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/strict"
)

func bin(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// wired is the far end of a line: it answers each request with what stands for it, nothing for nothing.
type wired struct {
	end io.ReadWriteCloser

	mu      sync.Mutex
	answers map[string][]byte
	asked   []string
	when    []time.Time // of the requests
	said    []time.Time // of the answers
}

func (w *wired) serve() {
	request := make([]byte, 8)
	for {
		if _, err := io.ReadFull(w.end, request); err != nil {
			return
		}
		w.mu.Lock()
		w.asked = append(w.asked, hex.EncodeToString(request))
		w.when = append(w.when, time.Now())
		answer := w.answers[hex.EncodeToString(request)]
		w.said = append(w.said, time.Now())
		w.mu.Unlock()
		if _, err := w.end.Write(answer); err != nil {
			return
		}
	}
}

func (w *wired) set(t testing.TB, request, answer string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answers == nil {
		w.answers = map[string][]byte{}
	}
	w.answers[hex.EncodeToString(bin(t, request))] = bin(t, answer)
}

// cable is a serial line; the agent's end is the path.
func cable(t *testing.T) (*wired, string) {
	t.Helper()
	far, near, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = far.Close(), near.Close() })
	w := &wired{end: far}
	go w.serve()
	return w, near.Name()
}

// gauge is one word of unit 1 or 2, with a siren.
func gauge() *profile.Profile {
	coil := uint16(0)
	return &profile.Profile{
		ID: "gauge", Protocol: profile.ModbusRTU, Timeout: strict.Duration(300 * time.Millisecond),
		Modbus: &profile.Modbus{Unit: 1, Gap: strict.Duration(20 * time.Millisecond), Registers: []profile.Register{
			{Property: "level", Table: profile.Holding, Address: 0, Type: profile.U16, Scale: 0.01},
		}},
		Outputs: []profile.Output{{ID: "siren", Coil: &coil}},
	}
}

const (
	askOne = "01 03 0000 0001 840A"
	askTwo = "02 03 0000 0001 8439"
	oneSay = "01 03 02 019C B9BD" // 412
	twoSay = "02 03 02 00C8 FDD2" // 200
)

// TestChecksumOfTheSpecification uses a frame that manuals print everywhere.
func TestChecksumOfTheSpecification(t *testing.T) {
	if got := (rtu{}).wrap(1, request{readHolding, 0, 10}); !bytes.Equal(got, bin(t, "01 03 0000 000A C5CD")) {
		t.Errorf("got % x", got)
	}
}

func TestUnitsOnOnePortSpeakInTurn(t *testing.T) {
	w, port := cable(t)
	w.set(t, askOne, oneSay)
	w.set(t, askTwo, twoSay)
	w.set(t, "01 05 0000 FF00 8C3A", "01 05 0000 FF00 8C3A")
	hub := New()
	var devices []driver.Device
	for _, unit := range []uint8{1, 2} {
		d, err := hub.Open(driver.Options{ID: "g", Address: port, Unit: unit, Profile: gauge()})
		if err != nil {
			t.Fatal(err)
		}
		devices = append(devices, d)
	}
	var wg sync.WaitGroup
	for i, want := range []float64{4.12, 2} {
		wg.Go(func() {
			for range 10 {
				got, err := devices[i].(driver.Reader).Read(t.Context())
				if err != nil || len(got) != 1 || got[0].Value != want {
					t.Errorf("unit %d: got %v, %v; want %v", i+1, got, err, want)
				}
			}
		})
	}
	wg.Go(func() {
		if err := devices[0].(driver.Switch).Set(t.Context(), "siren", true); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.asked) != 21 {
		t.Errorf("%d requests, want 21", len(w.asked))
	}
	for i := 1; i < len(w.when); i++ {
		if rest := w.when[i].Sub(w.said[i-1]); rest < 20*time.Millisecond {
			t.Errorf("request %d came %v after the answer before it; the line needs 20ms", i, rest)
		}
	}
	for _, d := range devices {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(hub.buses) != 0 {
		t.Error("the port stays open after its last device")
	}
}

func TestDamagedAnswersAreFaultsWithTheirFrameAndTheNextOneCounts(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		kind         driver.Kind
		is           error
	}{
		{"wrong checksum", "01 03 02 019C B9BE", driver.KindChecksum, driver.ErrMalformed},
		{"short", "01 03 02 01", driver.KindShort, driver.ErrMalformed},
		{"oversized", "01 03 FF 0000", driver.KindOversized, driver.ErrMalformed},
		{"another unit", twoSay, driver.KindUnit, driver.ErrMalformed},
		{"another function", "01 04 02 019C B8C9", driver.KindMalformed, driver.ErrMalformed},
		{"unknown function", "01 2B 0E 01", driver.KindMalformed, driver.ErrMalformed},
		{"another length", "01 03 04 019C 0000 3BE1", driver.KindMalformed, driver.ErrMalformed},
		{"nothing", "", driver.KindTimeout, driver.ErrTimeout},
		{"exception", "01 83 02 C0F1", driver.KindException, driver.ErrException},
		{"noise behind a good frame", oneSay + "FF FF FF", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, port := cable(t)
			w.set(t, askOne, c.answer)
			d, err := New().Open(driver.Options{ID: "g", Address: port, Profile: gauge()})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = d.Close() }()
			_, err = d.(driver.Reader).Read(t.Context())
			f := driver.FaultOf(err)
			switch {
			case c.is == nil && err != nil, c.is != nil && (f == nil || f.Kind != c.kind || !errors.Is(err, c.is)):
				t.Errorf("got %v (%+v), want %s", err, f, c.kind)
			case errors.Is(c.is, driver.ErrMalformed) && !bytes.HasPrefix(bin(t, c.answer), f.Raw[:min(3, len(f.Raw))]):
				t.Errorf("the frame is % x", f.Raw)
			}
			w.set(t, askOne, oneSay)
			if got, err := d.(driver.Reader).Read(t.Context()); err != nil || got[0].Value != 4.12 {
				t.Errorf("afterwards: %v, %v", got, err)
			}
		})
	}
}

func TestLateAnswerIsNotTakenForTheNextQuestion(t *testing.T) {
	w, port := cable(t)
	d, err := New().Open(driver.Options{ID: "g", Address: port, Profile: gauge()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if _, err := d.(driver.Reader).Read(t.Context()); !errors.Is(err, driver.ErrTimeout) {
		t.Fatalf("got %v", err)
	}
	w.set(t, askOne, oneSay)
	if _, err := w.end.Write(bin(t, "01 03 02 0001 7984")); err != nil { // the answer of before: 0.01
		t.Fatal(err)
	}
	if got, err := d.(driver.Reader).Read(t.Context()); err != nil || got[0].Value != 4.12 {
		t.Errorf("got %v, %v; want 4.12", got, err)
	}
}

func TestPortThatIsGoneIsUnreachableAndIsOpenedAgain(t *testing.T) {
	link := t.TempDir() + "/ttyS9"
	first, path := cable(t)
	d, err := New().Open(driver.Options{ID: "g", Address: link, Profile: gauge()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	read := d.(driver.Reader).Read
	if _, err := read(t.Context()); !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("no such port: %v", err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	first.set(t, askOne, oneSay)
	if _, err := read(t.Context()); err != nil {
		t.Errorf("plugged in: %v", err)
	}
	_ = first.end.Close()
	if _, err := read(t.Context()); !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("unplugged: %v", err)
	}
	second, path := cable(t)
	second.set(t, askOne, oneSay)
	if err := errors.Join(os.Remove(link), os.Symlink(path, link)); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t.Context()); err != nil || got[0].Value != 4.12 {
		t.Errorf("plugged in again: %v, %v", got, err)
	}
}

func TestSerialServerCarriesTheSameFrames(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	w := &wired{}
	w.set(t, askOne, oneSay)
	w.set(t, askTwo, twoSay)
	accepted := make(chan struct{}, 4)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- struct{}{}
			(&wired{end: c, answers: w.answers}).serve()
		}
	}()
	hub := New()
	for i, want := range []float64{4.12, 2} {
		p := gauge()
		p.Protocol = profile.ModbusRTUTCP
		d, err := hub.Open(driver.Options{ID: "g", Address: l.Addr().String(), Unit: uint8(i + 1), Profile: p})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = d.Close() }()
		if got, err := d.(driver.Reader).Read(t.Context()); err != nil || got[0].Value != want {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	if len(accepted) != 1 {
		t.Errorf("%d connections for two units behind one serial server", len(accepted))
	}
}

func TestSettingsThatNoLineHasAreRefused(t *testing.T) {
	for _, o := range []driver.Options{
		{Serial: driver.Serial{Parity: "mark"}, Profile: gauge()},
		{Serial: driver.Serial{StopBits: 3}, Profile: gauge()},
		{Unit: 248, Profile: gauge()},
		{Profile: &profile.Profile{}},
	} {
		o.Address = "/dev/null"
		if _, err := New().Open(o); err == nil {
			t.Errorf("%+v was opened", o)
		}
	}
}

func TestCoilsAndBitsAreRead(t *testing.T) {
	w, port := cable(t)
	w.set(t, "01 01 0000 000A BC0D", "01 01 02 0102 39AD")
	w.set(t, "01 02 0005 0001 A9CB", "01 02 01 01 6048")
	w.set(t, askOne, oneSay) // 0x019C: bits 2, 3, 4, 7, 8
	p := gauge()
	p.Modbus.MaxGap = 16
	p.Modbus.Registers = []profile.Register{
		{Property: "door", Table: profile.Coil, Address: 0, Type: profile.Bit, Scale: 1},
		{Property: "pump", Table: profile.Coil, Address: 9, Type: profile.Bit, Scale: 1},
		{Property: "float", Table: profile.Discrete, Address: 5, Type: profile.Bit, Scale: 1},
		{Property: "alarm", Table: profile.Holding, Address: 0, Type: profile.Bit, Bit: 2, Scale: 1},
		{Property: "mode", Table: profile.Holding, Address: 0, Type: profile.Bit, Bit: 6, Width: 3, Scale: 1},
	}
	d, err := New().Open(driver.Options{ID: "g", Address: port, Profile: p})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	got, err := d.(driver.Reader).Read(t.Context())
	values := map[string]float64{}
	for _, s := range got {
		values[s.Property] = s.Value
	}
	for property, want := range map[string]float64{"door": 1, "pump": 1, "float": 1, "alarm": 1, "mode": 6} {
		if v, ok := values[property]; !ok || v != want {
			t.Errorf("%s is %v, want %v (%v)", property, v, want, err)
		}
	}
}

func FuzzCut(f *testing.F) {
	for _, text := range []string{oneSay, twoSay, "01 83 02 C0F1", "01 03 FF", "0001 0000 0005 01 03 02 019C", "0001 0000 00FF 01", "0001 0000 0001 01 03"} {
		f.Add(bin(f, text))
	}
	f.Fuzz(func(t *testing.T, came []byte) {
		r := request{readHolding, 0, 1}
		for _, fr := range []framing{rtu{}, &tcp{transaction: 1}} {
			pdu, n, err := fr.cut(1, r, came)
			if err != nil && pdu != nil || n > len(came) {
				t.Errorf("%T: %x of %d bytes with the error %v", fr, pdu, n, err)
			}
			if err == nil && n > 0 {
				if words, err := r.answer(pdu, came); err == nil && len(words) != 1 {
					t.Errorf("%T: %v", fr, words)
				}
			}
			if err == nil && n == 0 && len(came) > maxTCP {
				t.Errorf("%T waits for more than a frame: %d bytes", fr, len(came))
			}
		}
	})
}
