package film

import (
	"encoding/binary"
	"math/bits"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"
)

// MP4 and browsers know no A-law (G.711), which is what cameras send. FLAC (RFC 9639; in MP4 since 2016, in Media Source
// Extensions of all browsers) holds it without loss and needs no encoder to speak of: the 13 bits that A-law decodes to
// stand in a frame as they are, 104 kbit/s.
const (
	alawRate   = 8000
	alawBits   = 16
	alawWasted = 3 // its samples are multiples of 8
	maxBlock   = 4096
)

// ofALaw makes a FLAC frame of A-law, which begins at a sample of the stream.
func ofALaw(text []byte, at uint64) []byte {
	text = text[:min(len(text), maxBlock)]
	var pcm g711.Alaw // 16 bits, big-endian
	pcm.Unmarshal(text)
	w := bitWriter{}
	// §9.1: sync code and variable block size; size of 16 bits at the end, 8 kHz; one channel of 16 bits.
	w.put(0xfff9, 16)
	w.put(0x74, 8)
	w.put(0x08, 8)
	w.out = append(w.out, number(at)...)
	w.put(uint64(len(text)-1), 16)
	w.put(uint64(crc8(w.out)), 8)
	// §9.2: a verbatim subframe with wasted bits, their count less one in unary.
	w.put(0b0_000001_1, 8)
	w.put(1, alawWasted)
	for i := range text {
		v := int16(binary.BigEndian.Uint16(pcm[2*i:])) >> alawWasted //nolint:gosec // signed by its definition
		w.put(uint64(uint16(v))&(1<<(alawBits-alawWasted)-1), alawBits-alawWasted)
	}
	if w.n > 0 {
		w.put(0, 8-w.n)
	}
	return binary.BigEndian.AppendUint16(w.out, crc16(w.out))
}

// number writes one as UTF-8 was first defined, up to 36 bits (§9.1.5).
func number(v uint64) []byte {
	if v < 0x80 {
		return []byte{byte(v)}
	}
	more := (bits.Len64(v) - 2) / 5 // bytes that follow: each has 6 bits, the first one less with each
	out := make([]byte, more+1)
	for i := more; i > 0; i-- {
		out[i] = 0x80 | byte(v&0x3f) //nolint:gosec // six bits
		v >>= 6
	}
	out[0] = byte(0xff<<(7-more)) | byte(v) //nolint:gosec // what is left
	return out
}

// bitWriter appends bits, the highest first.
type bitWriter struct {
	out []byte
	acc uint64
	n   int
}

func (w *bitWriter) put(v uint64, count int) {
	w.acc, w.n = w.acc<<count|v, w.n+count
	for w.n >= 8 {
		w.n -= 8
		w.out = append(w.out, byte(w.acc>>w.n)) //nolint:gosec // eight bits
	}
	w.acc &= 1<<w.n - 1
}

func crc8(text []byte) (c byte) {
	for _, b := range text {
		c ^= b
		for range 8 {
			if c&0x80 != 0 {
				c = c<<1 ^ 0x07
			} else {
				c <<= 1
			}
		}
	}
	return c
}

func crc16(text []byte) (c uint16) {
	for _, b := range text {
		c ^= uint16(b) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ 0x8005
			} else {
				c <<= 1
			}
		}
	}
	return c
}
