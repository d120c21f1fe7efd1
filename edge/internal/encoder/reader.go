package encoder

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// The bounds of what a program may write: one NAL unit, and the units of one picture.
const (
	maxUnit  = 2 << 20
	maxUnits = 512
)

var errTooLong = errors.New("writes no H.264 with start codes (Annex B), or a part of a picture of more than 2 MB")

// reader takes NAL units out of a stream with start codes (ITU-T H.264 annex B) and puts them together to pictures.
type reader struct {
	in      *bufio.Reader
	unit    []byte // that is being read
	next    []byte // the first unit of the next picture
	ends    bool   // the stream has ended
	in1     bool   // a start code was seen
	skipped int    // bytes before the first
}

func newReader(in io.Reader) *reader { return &reader{in: bufio.NewReaderSize(in, 64<<10)} }

// Types of NAL units (ITU-T H.264 table 7-1).
const (
	unitSlice = 1
	unitIDR   = 5
	unitSEI   = 6
	unitSPS   = 7
	unitPPS   = 8
	unitAUD   = 9
)

func kindOf(unit []byte) byte { return unit[0] & 0x1f }

// coded reports whether a unit is a part of a picture itself.
func coded(unit []byte) bool { k := kindOf(unit); return k >= unitSlice && k <= unitIDR }

// begins reports whether a picture begins at a unit, with the coded parts of another before it (§7.4.1.2.3, without
// what only streams of several layers have): the numbers of macroblocks begin again, or something comes that stands
// before a picture only.
func begins(unit []byte) bool {
	switch kindOf(unit) {
	case unitSEI, unitSPS, unitPPS, unitAUD, 14, 15, 16, 17, 18:
		return true
	}
	return coded(unit) && len(unit) > 1 && unit[1]&0x80 != 0 // first_mb_in_slice, ue(v): a leading 1 is 0
}

// picture is the next picture. The last one is followed by the reader's error.
func (r *reader) picture() ([][]byte, error) {
	var out [][]byte
	whole := false
	if r.next != nil {
		out, whole, r.next = append(out, r.next), coded(r.next), nil
	}
	for {
		unit, err := r.read()
		if err != nil {
			if whole && errors.Is(err, io.EOF) {
				return out, nil
			}
			return nil, err
		}
		if whole && begins(unit) {
			r.next = unit
			return out, nil
		}
		whole = whole || coded(unit)
		if out = append(out, unit); len(out) > maxUnits {
			return nil, errTooLong
		}
	}
}

// read is the next unit. What stands before the first start code, and empty units, are left out.
func (r *reader) read() ([]byte, error) {
	for {
		if r.ends {
			return nil, io.EOF
		}
		chunk, err := r.in.ReadSlice(1) // a start code ends with 1, as any byte may
		r.unit = append(r.unit, chunk...)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			r.ends = true
			if !errors.Is(err, io.EOF) {
				return nil, err
			}
			if unit := bytes.TrimRight(r.unit, "\x00"); r.in1 && len(unit) > 0 {
				return bytes.Clone(unit), nil
			}
			return nil, io.EOF
		}
		if !bytes.HasSuffix(r.unit, []byte{0, 0, 1}) {
			if !r.in1 && len(r.unit) > 3 { // only a start code that is cut in two can still count
				r.unit = append(r.unit[:0], r.unit[len(r.unit)-3:]...)
				r.skipped += len(chunk)
			}
			if len(r.unit) > maxUnit || r.skipped > maxUnit {
				return nil, errTooLong
			}
			continue
		}
		unit := bytes.TrimRight(r.unit[:len(r.unit)-3], "\x00")
		was := r.in1
		r.in1, r.skipped = true, 0
		if was && len(unit) > 0 {
			unit = bytes.Clone(unit)
			r.unit = r.unit[:0]
			return unit, nil
		}
		r.unit = r.unit[:0]
	}
}
