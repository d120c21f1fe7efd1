package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/simonvetter/modbus"
)

// Serial serves a device with RTU frames over TCP, as a serial server before it does (Modbus over Serial
// Line V1.02). A frame for another unit or with a wrong checksum is not answered.
type Serial struct {
	Device *Device // its Listen and Unit count, its Start is not called

	mu       sync.Mutex
	addr     string
	listener net.Listener
	conns    map[net.Conn]bool
	done     sync.WaitGroup
}

// Start listens.
func (s *Serial) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.addr == "" {
		s.addr = s.Device.Listen
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("listen for modbus on %s: %w", s.addr, err)
	}
	s.addr, s.listener, s.conns = l.Addr().String(), l, map[net.Conn]bool{}
	s.done.Go(func() { s.accept(l) })
	return nil
}

// Addr is where it listens.
func (s *Serial) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Stop ends all connections; Start may follow.
func (s *Serial) Stop(context.Context) error {
	s.mu.Lock()
	if s.listener == nil {
		s.mu.Unlock()
		return nil
	}
	err := s.listener.Close()
	s.listener = nil
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.done.Wait()
	if err != nil {
		return fmt.Errorf("stop modbus device: %w", err)
	}
	return nil
}

func (s *Serial) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.listener == nil {
			s.mu.Unlock()
			_ = c.Close()
			return
		}
		s.conns[c] = true
		s.mu.Unlock()
		s.done.Go(func() {
			request := make([]byte, 8)
			for {
				if _, err := io.ReadFull(c, request); err != nil {
					break
				}
				if answer := s.answer(request); answer != nil {
					if _, err := c.Write(answer); err != nil {
						break
					}
				}
			}
			_ = c.Close()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
	}
}

// answer is the frame that a request of eight bytes is answered with; nil for none.
func (s *Serial) answer(request []byte) []byte {
	unit, function := request[0], request[1]
	if (s.Device.Unit != 0 && unit != s.Device.Unit) || binary.LittleEndian.Uint16(request[6:]) != checksum(request[:6]) {
		return nil
	}
	address, second := binary.BigEndian.Uint16(request[2:]), binary.BigEndian.Uint16(request[4:])
	out := []byte{unit, function}
	var words []uint16
	var bits []bool
	err := error(modbus.ErrIllegalFunction)
	switch function {
	case 1:
		bits, err = s.Device.HandleCoils(&modbus.CoilsRequest{UnitId: unit, Addr: address, Quantity: second})
	case 2:
		bits, err = s.Device.HandleDiscreteInputs(&modbus.DiscreteInputsRequest{UnitId: unit, Addr: address, Quantity: second})
	case 3:
		words, err = s.Device.HandleHoldingRegisters(&modbus.HoldingRegistersRequest{UnitId: unit, Addr: address, Quantity: second})
	case 4:
		words, err = s.Device.HandleInputRegisters(&modbus.InputRegistersRequest{UnitId: unit, Addr: address, Quantity: second})
	case 5:
		_, err = s.Device.HandleCoils(&modbus.CoilsRequest{UnitId: unit, Addr: address, Quantity: 1, IsWrite: true, Args: []bool{second == 0xFF00}})
	case 6:
		_, err = s.Device.HandleHoldingRegisters(&modbus.HoldingRegistersRequest{UnitId: unit, Addr: address, Quantity: 1, IsWrite: true, Args: []uint16{second}})
	}
	switch {
	case errors.Is(err, modbus.ErrIllegalFunction):
		out = []byte{unit, function | 0x80, 1}
	case errors.Is(err, modbus.ErrIllegalDataAddress):
		out = []byte{unit, function | 0x80, 2}
	case errors.Is(err, modbus.ErrIllegalDataValue):
		out = []byte{unit, function | 0x80, 3}
	case err != nil:
		out = []byte{unit, function | 0x80, 4}
	case function == 5, function == 6:
		out = append(out, request[2:6]...)
	case bits != nil:
		packed := make([]byte, (len(bits)+7)/8)
		for i, on := range bits {
			if on {
				packed[i/8] |= 1 << (i % 8)
			}
		}
		out = append(append(out, byte(len(packed))), packed...)
	default:
		out = append(out, byte(2*len(words)))
		for _, w := range words {
			out = binary.BigEndian.AppendUint16(out, w)
		}
	}
	return binary.LittleEndian.AppendUint16(out, checksum(out))
}

func checksum(b []byte) uint16 {
	sum := uint16(0xFFFF)
	for _, one := range b {
		sum ^= uint16(one)
		for range 8 {
			low := sum & 1
			if sum >>= 1; low == 1 {
				sum ^= 0xA001
			}
		}
	}
	return sum
}
