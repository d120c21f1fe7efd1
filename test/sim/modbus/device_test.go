package modbus

import (
	"errors"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/simonvetter/modbus"
)

func TestDeviceAnswersItsMapAndRefusesTheRest(t *testing.T) {
	float := func(v float64) ([]uint16, error) {
		bits := math.Float32bits(float32(v))
		return []uint16{uint16(bits >> 16), uint16(bits)}, nil
	}
	whole := func(v float64) ([]uint16, error) { return []uint16{uint16(v)}, nil }
	d := &Device{
		Listen: "127.0.0.1:0", Unit: 1, Log: slog.New(slog.DiscardHandler),
		Coils: map[uint16]string{3: "siren"},
		Points: []Point{
			{Table: "holding", Address: 10, Words: 2, Encode: float, Value: func(time.Time) float64 { return 5.25 }},
			{Table: "holding", Address: 12, Words: 1, Encode: whole, Value: func(time.Time) float64 { return 42 }},
		},
	}
	for range 2 { // a device that was cut comes back where it was
		if err := d.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		client, err := modbus.NewClient(&modbus.ClientConfiguration{URL: "tcp://" + d.Addr(), Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Open(); err != nil {
			t.Fatal(err)
		}
		words, err := client.ReadRegisters(10, 3, modbus.HOLDING_REGISTER)
		if err != nil || words[2] != 42 || math.Float32frombits(uint32(words[0])<<16|uint32(words[1])) != 5.25 {
			t.Errorf("got %v, %v", words, err)
		}
		for _, addr := range []uint16{9, 12} {
			if _, err := client.ReadRegisters(addr, 2, modbus.HOLDING_REGISTER); !errors.Is(err, modbus.ErrIllegalDataAddress) {
				t.Errorf("registers from %d: %v", addr, err)
			}
		}
		if _, err := client.ReadRegisters(10, 1, modbus.INPUT_REGISTER); !errors.Is(err, modbus.ErrIllegalDataAddress) {
			t.Errorf("the other table: %v", err)
		}
		if err := client.WriteCoil(3, true); err != nil || !d.Outputs()["siren"] {
			t.Errorf("coil not switched: %v, %v", err, d.Outputs())
		}
		if on, err := client.ReadCoil(3); err != nil || !on {
			t.Errorf("coil reads %v, %v", on, err)
		}
		if err := client.WriteCoil(4, true); !errors.Is(err, modbus.ErrIllegalDataAddress) {
			t.Errorf("a coil that is not there: %v", err)
		}
		if err := client.WriteRegister(12, 1); !errors.Is(err, modbus.ErrIllegalFunction) {
			t.Errorf("writing: %v", err)
		}
		if err := d.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := client.ReadRegisters(10, 1, modbus.HOLDING_REGISTER); err == nil {
			t.Error("a stopped device answers")
		}
	}
}
