// Package h264 looks into RTP payloads of H.264 (RFC 6184) just far enough to find key frames and
// parameter sets. The router uses it. Rule that must never break: no payload, however broken, makes it
// panic or read more than it was given.
package h264

// NAL unit types (ITU-T H.264 table 7-1; RFC 6184 table 1).
const (
	typeIDR   = 5
	typeSPS   = 7
	typePPS   = 8
	typeSTAPA = 24
	typeFUA   = 28

	fuStart = 0x80
)

// Info is what a payload holds.
type Info struct {
	IDR bool   // begins a slice of a key frame
	SPS []byte // parameter sets that are whole; they point into the payload
	PPS []byte
}

// Inspect looks into one RTP payload. A payload that is malformed holds nothing.
func Inspect(payload []byte) Info {
	if len(payload) == 0 {
		return Info{}
	}
	var info Info
	switch payload[0] & 0x1f {
	case typeSTAPA:
		for rest := payload[1:]; len(rest) > 2; {
			size := int(rest[0])<<8 | int(rest[1])
			rest = rest[2:]
			if size == 0 || size > len(rest) {
				return info
			}
			info.add(rest[:size])
			rest = rest[size:]
		}
	case typeFUA:
		if len(payload) > 1 && payload[1]&fuStart != 0 {
			info.IDR = payload[1]&0x1f == typeIDR
		}
	default:
		info.add(payload)
	}
	return info
}

func (i *Info) add(unit []byte) {
	switch unit[0] & 0x1f {
	case typeIDR:
		i.IDR = true
	case typeSPS:
		i.SPS = unit
	case typePPS:
		i.PPS = unit
	}
}

// Join makes one payload (STAP-A) of the parameter sets.
func Join(sps, pps []byte) []byte {
	out := make([]byte, 0, 5+len(sps)+len(pps))
	out = append(out, typeSTAPA|0x60)
	for _, unit := range [][]byte{sps, pps} {
		out = append(out, byte(len(unit)>>8), byte(len(unit)))
		out = append(out, unit...)
	}
	return out
}
