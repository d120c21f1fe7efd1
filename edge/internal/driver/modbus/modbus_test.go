package modbus

import (
	"errors"
	"io"
	"log" //nolint:depguard // the library takes nothing else
	"net"
	"sync"
	"testing"
	"time"

	"github.com/simonvetter/modbus"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/shared/wire"
)

// slave is a real Modbus server with two tables.
type slave struct {
	mu       sync.Mutex
	requests int
	holding  map[uint16]uint16
	input    map[uint16]uint16
	coils    map[uint16]bool
	fail     error
}

func (s *slave) read(table map[uint16]uint16, from, n uint16) ([]uint16, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if s.fail != nil {
		return nil, s.fail
	}
	out := make([]uint16, n)
	for i := range out {
		out[i] = table[from+uint16(i)]
	}
	return out, nil
}

func (s *slave) HandleCoils(r *modbus.CoilsRequest) ([]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return nil, s.fail
	}
	out := make([]bool, r.Quantity)
	for i := range out {
		if r.IsWrite {
			s.coils[r.Addr+uint16(i)] = r.Args[i]
		}
		out[i] = s.coils[r.Addr+uint16(i)]
	}
	return out, nil
}

func (s *slave) HandleDiscreteInputs(*modbus.DiscreteInputsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}

func (s *slave) HandleHoldingRegisters(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	if r.IsWrite {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.holding[r.Addr] = r.Args[0]
		return nil, s.fail
	}
	return s.read(s.holding, r.Addr, r.Quantity)
}

func (s *slave) HandleInputRegisters(r *modbus.InputRegistersRequest) ([]uint16, error) {
	return s.read(s.input, r.Addr, r.Quantity)
}

func (s *slave) start(t *testing.T, address string) *modbus.ModbusServer {
	t.Helper()
	server, err := modbus.NewServer(&modbus.ServerConfiguration{URL: "tcp://" + address, MaxClients: 4, Logger: log.New(io.Discard, "", 0)}, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	return server
}

func station() *profile.Profile {
	return &profile.Profile{
		ID: "test", Protocol: profile.ModbusTCP, Timeout: strict.Duration(500 * time.Millisecond),
		Modbus: &profile.Modbus{Unit: 1, MaxGap: 2, Registers: []profile.Register{
			{Property: "battery", Table: profile.Holding, Address: 4, Type: profile.U16, Scale: 0.01},
			{Property: "level", Table: profile.Holding, Address: 0, Type: profile.I32, Scale: 0.001, Invalid: []int64{0x7FFFFFFF}},
			{Property: "far", Table: profile.Holding, Address: 200, Type: profile.U16, Scale: 1},
			{Property: "ch4", Table: profile.Input, Address: 0, Type: profile.I16, Scale: 0.1},
		}},
	}
}

func TestCloseRegistersAreAskedForTogether(t *testing.T) {
	s := &slave{
		holding: map[uint16]uint16{0: 0, 1: 4120, 4: 1261, 200: 7},
		input:   map[uint16]uint16{0: 0xFFFB},
	}
	address := testserver.FreeAddr(t)
	s.start(t, address)
	d, err := reader(driver.Options{ID: "s", Address: address, Profile: station()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	got, err := d.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, v := range got {
		if v.Quality != wire.Good {
			t.Errorf("%s has quality %d", v.Property, v.Quality)
		}
		values[v.Property] = v.Value
	}
	want := map[string]float64{"level": 4.12, "battery": 12.61, "far": 7, "ch4": -0.5}
	for p, v := range want {
		if values[p] != v {
			t.Errorf("%s is %v, want %v", p, values[p], v)
		}
	}
	if s.requests != 3 {
		t.Errorf("%d requests for 4 values, want 3", s.requests)
	}
}

func TestNoValueIsLeftOut(t *testing.T) {
	s := &slave{holding: map[uint16]uint16{0: 0x7FFF, 1: 0xFFFF, 4: 1200}}
	address := testserver.FreeAddr(t)
	s.start(t, address)
	d, err := reader(driver.Options{ID: "s", Address: address, Profile: station()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	got, err := d.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range got {
		if v.Property == "level" {
			t.Errorf("a level of %v was invented", v.Value)
		}
	}
}

func TestErrorsSayWhatIsWrongAndTheDeviceComesBack(t *testing.T) {
	address := testserver.FreeAddr(t)
	d, err := reader(driver.Options{ID: "s", Address: address, Profile: station()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if _, err := d.Read(t.Context()); !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("nobody listens: got %v", err)
	}
	s := &slave{fail: modbus.ErrIllegalDataAddress}
	s.start(t, address)
	if _, err := d.Read(t.Context()); !errors.Is(err, driver.ErrException) {
		t.Errorf("exception: got %v", err)
	}
	s.mu.Lock()
	s.fail = nil
	s.mu.Unlock()
	if _, err := d.Read(t.Context()); err != nil {
		t.Errorf("after the exception: got %v", err)
	}
}

func TestSilentDeviceIsATimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	d, err := reader(driver.Options{ID: "s", Address: l.Addr().String(), Profile: station()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if _, err := d.Read(t.Context()); !errors.Is(err, driver.ErrTimeout) {
		t.Errorf("got %v, want a timeout", err)
	}
}

// reader opens a device that is asked.
func reader(o driver.Options) (driver.Reader, error) {
	d, err := New().Open(o)
	if err != nil {
		return nil, err
	}
	return d.(driver.Reader), nil
}

func TestOutputsAreSwitchedAndReadBack(t *testing.T) {
	coil, register := uint16(3), uint16(40)
	p := &profile.Profile{
		ID: "p", Protocol: profile.ModbusTCP, Timeout: strict.Duration(time.Second), Modbus: &profile.Modbus{Unit: 1},
		Outputs: []profile.Output{{ID: "siren", Coil: &coil}, {ID: "gate", Holding: &register, OnValue: 0xFF00, OffValue: 7}},
	}
	s := &slave{coils: map[uint16]bool{}, holding: map[uint16]uint16{40: 1}}
	address := testserver.FreeAddr(t)
	device, err := New().Open(driver.Options{ID: "horn", Address: address, Profile: p})
	if err != nil {
		t.Fatal(err)
	}
	d := device.(driver.Switch)
	if err := d.Set(t.Context(), "siren", true); !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("nobody there: %v", err)
	}
	server := s.start(t, address)
	if _, err := d.Get(t.Context(), "gate"); !errors.Is(err, driver.ErrMalformed) {
		t.Errorf("a value that is neither on nor off: %v", err)
	}
	for _, output := range []string{"siren", "gate"} {
		for _, on := range []bool{true, false, true} {
			if err := d.Set(t.Context(), output, on); err != nil {
				t.Fatal(err)
			}
			if got, err := d.Get(t.Context(), output); err != nil || got != on {
				t.Errorf("%s switched %v, reads %v, %v", output, on, got, err)
			}
		}
	}
	s.mu.Lock()
	if !s.coils[3] || s.holding[40] != 0xFF00 {
		t.Errorf("the device has %v, %v", s.coils, s.holding)
	}
	s.fail = modbus.ErrServerDeviceBusy
	s.mu.Unlock()
	if err := d.Set(t.Context(), "siren", false); !errors.Is(err, driver.ErrException) {
		t.Errorf("busy: %v", err)
	}
	if err := d.Set(t.Context(), "lamp", true); !errors.Is(err, driver.ErrNoOutput) {
		t.Errorf("an output that is not there: %v", err)
	}
	_ = server.Stop()
	if err := d.Set(t.Context(), "siren", false); err == nil {
		t.Error("switched a device that is gone")
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
