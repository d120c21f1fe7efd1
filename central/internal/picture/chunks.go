package picture

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// pngNeeded are the chunks that pictures and their colours depend on (PNG, third edition, 11.2 and 11.3). Of one that moves
// the still picture stays.
var pngNeeded = []string{"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "bKGD", "pHYs"}

const pngHead = "\x89PNG\r\n\x1a\n"

func stripPNG(data []byte) (out []byte, ok bool) {
	if !bytes.HasPrefix(data, []byte(pngHead)) {
		return nil, false
	}
	out = append(make([]byte, 0, len(data)), pngHead...)
	seen := map[string]bool{}
	for at := len(pngHead); at+12 <= len(data); {
		n := int64(binary.BigEndian.Uint32(data[at:]))
		if int64(at)+12+n > int64(len(data)) {
			return nil, false
		}
		next := at + 12 + int(n)
		name := string(data[at+4 : at+8])
		if slices.Contains(pngNeeded, name) {
			out = append(out, data[at:next]...)
			seen[name] = true
		} else if name[0]&0x20 == 0 {
			return nil, false // needed for drawing, and unknown
		}
		if name == "IEND" {
			return out, seen["IHDR"] && seen["IDAT"]
		}
		at = next
	}
	return nil, false
}

// webpNeeded are those of WebP (RFC 9649, 2.7). One that moves has no others and is not taken: no camera makes it.
var webpNeeded = []string{"VP8 ", "VP8L", "VP8X", "ALPH", "ICCP"}

const saysOfItself = 0x0E // bits of VP8X: Exif, XMP and frames follow

func stripWebP(data []byte) (out []byte, ok bool) {
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WEBP" {
		return nil, false
	}
	n := int64(binary.LittleEndian.Uint32(data[4:]))
	if n < 4 || 8+n > int64(len(data)) {
		return nil, false
	}
	chunks, drawn, ok := stripChunks(data[12 : 8+n])
	if !ok || !drawn {
		return nil, false
	}
	out = append(make([]byte, 0, 12+len(chunks)), "RIFF\x00\x00\x00\x00WEBP"...)
	binary.LittleEndian.PutUint32(out[4:], uint32(len(chunks)+4)) //nolint:gosec // not longer than it was
	return append(out, chunks...), true
}

func stripChunks(data []byte) (out []byte, drawn, ok bool) {
	for len(data) >= 8 {
		name, n := string(data[:4]), int64(binary.LittleEndian.Uint32(data[4:]))
		end := 8 + n + n%2
		if 8+n > int64(len(data)) {
			return nil, false, false
		}
		body := data[8 : 8+n]
		data = data[min(end, int64(len(data))):]
		if !slices.Contains(webpNeeded, name) {
			continue
		}
		switch name {
		case "VP8 ", "VP8L":
			drawn = true
		case "VP8X":
			if len(body) < 10 {
				return nil, false, false
			}
			body = bytes.Clone(body[:10])
			body[0] &^= saysOfItself
		}
		out = append(out, name...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(body))) //nolint:gosec // not longer than it was
		out = append(out, body...)
		if len(body)%2 == 1 {
			out = append(out, 0)
		}
	}
	return out, drawn, true
}
