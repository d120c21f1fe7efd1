package picture

import (
	"bytes"
	"encoding/binary"
)

// Markers of ITU-T T.81, table B.1.
const (
	soi, eoi, sos = 0xD8, 0xD9, 0xDA
	app0, app15   = 0xE0, 0xEF
	comment       = 0xFE
	firstRestart  = 0xD0
	lastRestart   = 0xD7
)

// maxScans is how many passes one picture may take to draw: a progressive one has about ten, and a small file could ask
// for tens of thousands.
const maxScans = 64

// stripJPEG goes through segments and scans. ok is false for what is not whole.
func stripJPEG(data []byte) (out []byte, ok bool) {
	if len(data) < 4 || data[0] != 0xFF || data[1] != soi {
		return nil, false
	}
	out = append(make([]byte, 0, len(data)), 0xFF, soi)
	if up := orientation(data); up > 1 {
		out = append(out, upright(up)...)
	}
	frame, scans := false, 0
	for at := 2; ; {
		marker, body, next := segment(data, at)
		switch {
		case next < 0:
			return nil, false
		case marker == eoi:
			return append(out, 0xFF, eoi), frame && scans > 0
		case marker == comment || (marker >= app0 && marker <= app15):
			out = appendNeeded(out, marker, body)
		case marker == sos:
			if scans++; scans > maxScans {
				return nil, false
			}
			end := endOfScan(data, next)
			out = append(appendSegment(out, marker, body), data[next:end]...)
			next = end
		default:
			// SOF0 to SOF15 but for the three tables in between.
			frame = frame || (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC)
			if !tableOrFrame(marker) {
				return nil, false
			}
			out = appendSegment(out, marker, body)
		}
		at = next
	}
}

// segment reads the marker at a place; next is -1 when there is none.
func segment(data []byte, at int) (marker byte, body []byte, next int) {
	if at >= len(data) || data[at] != 0xFF {
		return 0, nil, -1
	}
	for at < len(data) && data[at] == 0xFF { // fill bytes
		at++
	}
	if at >= len(data) {
		return 0, nil, -1
	}
	marker, at = data[at], at+1
	if marker == eoi {
		return marker, nil, at
	}
	if at+2 > len(data) {
		return 0, nil, -1
	}
	n := int(binary.BigEndian.Uint16(data[at:]))
	if n < 2 || at+n > len(data) {
		return 0, nil, -1
	}
	return marker, data[at+2 : at+n], at + n
}

// endOfScan is where the coded picture ends: at a marker that is no restart.
func endOfScan(data []byte, at int) int {
	for {
		i := bytes.IndexByte(data[at:], 0xFF)
		if i < 0 || at+i+1 >= len(data) {
			return len(data)
		}
		if m := data[at+i+1]; m != 0 && m != 0xFF && (m < firstRestart || m > lastRestart) {
			return at + i
		} else if m == 0xFF {
			at += i + 1 // fill
			continue
		}
		at += i + 2
	}
}

// tableOrFrame: SOFn, DHT, DAC, DQT, DNL, DRI.
func tableOrFrame(marker byte) bool {
	return (marker >= 0xC0 && marker <= 0xCF) || (marker >= 0xDB && marker <= 0xDD)
}

// appendNeeded keeps what colours depend on: the head of JFIF without its small picture, Adobe's transform, the
// colour profile.
func appendNeeded(out []byte, marker byte, body []byte) []byte {
	switch {
	case marker == app0 && len(body) >= 14 && bytes.HasPrefix(body, []byte("JFIF\x00")):
		head := bytes.Clone(body[:14])
		head[12], head[13] = 0, 0
		return appendSegment(out, marker, head)
	case marker == 0xE2 && bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")),
		marker == 0xEE && len(body) == 12 && bytes.HasPrefix(body, []byte("Adobe")):
		return appendSegment(out, marker, body)
	}
	return out
}

func appendSegment(out []byte, marker byte, body []byte) []byte {
	out = append(out, 0xFF, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2)) //nolint:gosec // it was read from as many bits
	return append(out, body...)
}

// orientation is which side of a JPEG is up, 1 to 8 as Exif counts them; 1 when nothing says so.
func orientation(data []byte) int {
	for at := 2; ; {
		marker, body, next := segment(data, at)
		if next < 0 || marker == sos || marker == eoi {
			return 1
		}
		if tiff, found := bytes.CutPrefix(body, []byte("Exif\x00\x00")); found && marker == 0xE1 {
			return tiffOrientation(tiff)
		}
		at = next
	}
}

func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	n := int64(order.Uint16(tiff[at:]))
	for i := range n {
		e := at + 2 + 12*i
		if e+12 > int64(len(tiff)) {
			return 1
		}
		if entry := tiff[e : e+12]; order.Uint16(entry) == 0x0112 {
			if v := int(order.Uint16(entry[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}

// upright is an APP1 segment that says which side is up and nothing else.
func upright(up int) []byte {
	body := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	body[6+8+2+9] = byte(up)
	return appendSegment(nil, 0xE1, body)
}
