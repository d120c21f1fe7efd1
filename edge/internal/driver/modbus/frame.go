package modbus

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/fengsui/fengsui/edge/internal/driver"
)

// The functions that are used (Modbus Application Protocol V1.1b3, clause 6).
const (
	readCoils     = 1
	readDiscrete  = 2
	readHolding   = 3
	readInput     = 4
	writeCoil     = 5
	writeRegister = 6

	refused = 0x80 // added to the function of an exception
)

// The lengths of frames: Modbus Messaging on TCP/IP V1.0b, clause 3.1.3; Modbus over Serial Line V1.02,
// clause 2.5.1.
const (
	headTCP = 7
	maxTCP  = 260
	maxRTU  = 256
)

// exceptions are the codes of clause 7.
var exceptions = map[byte]error{
	1: errors.New("illegal function"), 2: errors.New("illegal data address"), 3: errors.New("illegal data value"),
	4: errors.New("device failure"), 5: errors.New("acknowledged, not done yet"), 6: errors.New("device is busy"),
	8: errors.New("memory parity error"), 10: errors.New("gateway has no path"), 11: errors.New("device behind the gateway does not answer"),
}

// request is one thing that a device is asked. second is a quantity, or the value to write.
type request struct {
	function        byte
	address, second uint16
}

func (r request) encode() []byte {
	out := []byte{r.function}
	out = binary.BigEndian.AppendUint16(out, r.address)
	return binary.BigEndian.AppendUint16(out, r.second)
}

// answer takes the payload out of an answer; raw is the whole frame, for faults. Coils come as 0 and 1,
// one a word.
func (r request) answer(pdu, raw []byte) ([]uint16, error) {
	if len(pdu) == 2 && pdu[0] == r.function|refused {
		what, ok := exceptions[pdu[1]]
		if !ok {
			what = fmt.Errorf("code %d", pdu[1])
		}
		return nil, fmt.Errorf("%w: %w", driver.ErrException, what)
	}
	if len(pdu) < 2 || pdu[0] != r.function {
		return nil, driver.NewFault(driver.KindMalformed, raw, "answer %x belongs to no request of function %d", pdu, r.function)
	}
	switch r.function {
	case writeCoil, writeRegister:
		if string(pdu) != string(r.encode()) {
			return nil, driver.NewFault(driver.KindMalformed, raw, "device repeats %x instead of %x", pdu, r.encode())
		}
		return nil, nil
	}
	want := int(r.second) * 2
	if r.function <= readDiscrete {
		want = (int(r.second) + 7) / 8
	}
	if int(pdu[1]) != want || len(pdu) != 2+want {
		return nil, driver.NewFault(driver.KindMalformed, raw, "answer has %d bytes and says %d, want %d", len(pdu)-2, pdu[1], want)
	}
	out := make([]uint16, r.second)
	for i := range out {
		if r.function <= readDiscrete {
			out[i] = uint16(pdu[2+i/8]) >> (i % 8) & 1
		} else {
			out[i] = binary.BigEndian.Uint16(pdu[2+2*i:])
		}
	}
	return out, nil
}

// framing is how a request and its answer look on the line.
type framing interface {
	// wrap makes the frame of a request.
	wrap(unit byte, r request) []byte
	// cut finds the answer in what has come since, in the first n bytes; n is 0 while more must come. The error
	// is a *driver.Fault, and the line is in doubt then.
	cut(unit byte, r request, came []byte) (pdu []byte, n int, err error)
}

// tcp is Modbus TCP.
type tcp struct{ transaction uint16 }

func (t *tcp) wrap(unit byte, r request) []byte {
	t.transaction++
	pdu := r.encode()
	out := binary.BigEndian.AppendUint16(nil, t.transaction)
	out = append(out, 0, 0)
	out = binary.BigEndian.AppendUint16(out, uint16(len(pdu)+1)) //nolint:gosec // six
	return append(append(out, unit), pdu...)
}

func (t *tcp) cut(unit byte, _ request, came []byte) ([]byte, int, error) {
	if len(came) < headTCP {
		return nil, 0, nil
	}
	length := int(binary.BigEndian.Uint16(came[4:]))
	switch {
	case came[2] != 0 || came[3] != 0:
		return nil, len(came), driver.NewFault(driver.KindMalformed, came, "protocol %x%x is not Modbus", came[2], came[3])
	case length > maxTCP-headTCP+1:
		return nil, len(came), driver.NewFault(driver.KindOversized, came, "frame says %d bytes, the most are %d", length, maxTCP-headTCP+1)
	case length < 3:
		return nil, len(came), driver.NewFault(driver.KindShort, came, "frame says %d bytes", length)
	case len(came) < headTCP-1+length:
		return nil, 0, nil
	case binary.BigEndian.Uint16(came) != t.transaction:
		return nil, len(came), driver.NewFault(driver.KindMalformed, came, "answer to transaction %d instead of %d", binary.BigEndian.Uint16(came), t.transaction)
	case came[6] != unit:
		return nil, len(came), driver.NewFault(driver.KindUnit, came, "unit %d answers instead of %d", came[6], unit)
	}
	return came[headTCP : headTCP-1+length], headTCP - 1 + length, nil
}

// rtu is the frame of serial lines.
type rtu struct{}

func (rtu) wrap(unit byte, r request) []byte {
	out := append([]byte{unit}, r.encode()...)
	return binary.LittleEndian.AppendUint16(out, crc(out))
}

func (rtu) cut(unit byte, _ request, came []byte) ([]byte, int, error) {
	if len(came) < 3 {
		return nil, 0, nil
	}
	var length int // of the whole frame; it stands nowhere, but follows from the function
	switch {
	case came[1]&refused != 0:
		length = 5
	case came[1] == writeCoil, came[1] == writeRegister:
		length = 8
	case came[1] >= readCoils && came[1] <= readInput:
		length = 5 + int(came[2])
	default:
		return nil, len(came), driver.NewFault(driver.KindMalformed, came, "function %d was not asked for", came[1])
	}
	switch {
	case length > maxRTU:
		return nil, len(came), driver.NewFault(driver.KindOversized, came, "frame says %d bytes, the most are %d", length, maxRTU)
	case len(came) < length:
		return nil, 0, nil
	}
	frame := came[:length]
	if got, want := binary.LittleEndian.Uint16(frame[length-2:]), crc(frame[:length-2]); got != want {
		return nil, len(came), driver.NewFault(driver.KindChecksum, frame, "checksum %04x, want %04x", got, want)
	}
	if frame[0] != unit {
		return nil, len(came), driver.NewFault(driver.KindUnit, frame, "unit %d answers instead of %d", frame[0], unit)
	}
	return frame[1 : length-2], length, nil
}

// crc is that of Modbus over Serial Line V1.02, clause 6.2.2; its low byte is sent first.
func crc(b []byte) uint16 {
	sum := uint16(0xFFFF)
	for _, one := range b {
		sum ^= uint16(one)
		for range 8 {
			if sum&1 != 0 {
				sum = sum>>1 ^ 0xA001
			} else {
				sum >>= 1
			}
		}
	}
	return sum
}
