package profile

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/fengsui/fengsui/shared/wire"
)

// The tables of registers.
const (
	Holding  = "holding"
	Input    = "input"
	Coil     = "coil"
	Discrete = "discrete"
)

// The types of values.
const (
	U16 = "u16"
	I16 = "i16"
	U32 = "u32"
	I32 = "i32"
	F32 = "f32"
	Bit = "bit" // a field of bits of one register, or a coil
)

// orders of the bytes, by registers; the first is what Modbus itself uses. ab is the first register with
// its high byte first, cd the second.
var orders = map[int][]string{1: {"ab", "ba"}, 2: {"abcd", "dcba", "badc", "cdab"}}

// The errors of values.
var (
	ErrNoValue = errors.New("device says that it has no value")
	ErrWords   = errors.New("wrong number of registers")
	ErrRange   = errors.New("value does not fit the register")
)

// Words is how many registers the value takes, 0 for an unknown type.
func (r *Register) Words() int {
	switch r.Type {
	case U16, I16, Bit:
		return 1
	case U32, I32, F32:
		return 2
	}
	return 0
}

// Decode turns registers as read into the value. A number that the device uses for "no value", or one
// that is not finite, is ErrNoValue; a value outside min and max comes with quality Bad.
func (r *Register) Decode(words []uint16) (float64, wire.Quality, error) {
	if len(words) != r.Words() || len(words) == 0 {
		return 0, wire.Bad, ErrWords
	}
	var bits uint32
	for _, b := range r.bytes(words) {
		bits = bits<<8 | uint32(b)
	}
	var raw float64
	switch r.Type {
	case U16, U32:
		raw = float64(bits)
	case Bit:
		raw = float64(bits >> r.Bit & r.mask())
	case I16:
		raw = float64(int16(bits)) //nolint:gosec // the two's complement is meant
	case I32:
		raw = float64(int32(bits)) //nolint:gosec // the two's complement is meant
	case F32:
		raw = float64(math.Float32frombits(bits))
	}
	if !finite(raw) || (r.Type != F32 && slices.Contains(r.Invalid, int64(raw))) {
		return 0, wire.Bad, ErrNoValue
	}
	v := Scaled(raw, r.scale()) + r.Offset
	return v, Judge(v, r.Min, r.Max), nil
}

// Encode turns a value into registers, the reverse of Decode.
func (r *Register) Encode(value float64) ([]uint16, error) {
	raw := (value - r.Offset) / r.scale()
	var bits uint32
	low, high := 0.0, 0.0
	switch r.Type {
	case F32:
		if !finite(raw) || math.Abs(raw) > math.MaxFloat32 {
			return nil, fmt.Errorf("%w: %v", ErrRange, value)
		}
		bits = math.Float32bits(float32(raw))
	case U16:
		high = math.MaxUint16
	case Bit:
		high = float64(r.mask())
	case I16:
		low, high = math.MinInt16, math.MaxInt16
	case U32:
		high = math.MaxUint32
	case I32:
		low, high = math.MinInt32, math.MaxInt32
	default:
		return nil, ErrWords
	}
	if r.Type != F32 {
		whole := math.Round(raw)
		if !(whole >= low && whole <= high) {
			return nil, fmt.Errorf("%w: %v", ErrRange, value)
		}
		bits = uint32(int64(whole)) //nolint:gosec // checked against the type's range; negative as two's complement
	}
	if r.Type == Bit {
		bits <<= r.Bit
	}
	if r.Words() == 1 {
		word := uint16(bits) //nolint:gosec // the low half is meant
		if r.Order == "ba" {
			word = word<<8 | word>>8
		}
		return []uint16{word}, nil
	}
	b := [4]byte{byte(bits >> 24), byte(bits >> 16), byte(bits >> 8), byte(bits)}
	var out [4]byte
	for i, c := range r.order() {
		out[i] = b[c-'a']
	}
	return []uint16{uint16(out[0])<<8 | uint16(out[1]), uint16(out[2])<<8 | uint16(out[3])}, nil
}

// bytes are the bytes of the value, highest first.
func (r *Register) bytes(words []uint16) []byte {
	got := make([]byte, 0, 4)
	for _, w := range words {
		got = append(got, byte(w>>8), byte(w)) //nolint:gosec // the two halves are meant
	}
	out := make([]byte, len(got))
	for i, c := range r.order() {
		out[c-'a'] = got[i]
	}
	return out
}

// mask has as many ones as the field has bits.
func (r *Register) mask() uint32 { return 1<<max(r.Width, 1) - 1 }

func (r *Register) order() string {
	if r.Order != "" {
		return r.Order
	}
	return orders[r.Words()][0]
}

func (r *Register) scale() float64 {
	if r.Scale == 0 {
		return 1
	}
	return r.Scale
}

// Scaled multiplies so that 412 × 0.01 is 4.12 and not 4.12000…01: dividing by a whole number is exact to
// the last digit where multiplying by its inverse is not.
func Scaled(raw, scale float64) float64 {
	if inverse := math.Round(1 / scale); math.Abs(scale) < 1 && 1/inverse == scale {
		return raw / inverse
	}
	return raw * scale
}

// Judge is Bad for a value outside the range that the device can measure.
func Judge(v float64, low, high *float64) wire.Quality {
	if (low != nil && v < *low) || (high != nil && v > *high) {
		return wire.Bad
	}
	return wire.Good
}
