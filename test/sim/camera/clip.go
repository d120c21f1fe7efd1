// Package camera is simulated IP cameras: one RTSP server that plays recorded clips in a loop, with
// timestamps that never jump. The simulator runs it; edge agents, tests and benchmarks watch it. Rule
// that must never break: it goes on at its own pace whether anybody watches or not, as a camera does.
package camera

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
)

// Clip is an H.264 recording cut into pictures.
type Clip struct {
	SPS, PPS []byte
	Units    [][][]byte // one entry a picture, each its NAL units
	Step     time.Duration
}

// Load reads an Annex B file. The frame rate is that of its SPS.
func Load(file string) (*Clip, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read clip: %w", err)
	}
	c, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("read clip %s: %w", file, err)
	}
	return c, nil
}

func parse(data []byte) (*Clip, error) {
	c := &Clip{}
	var unit [][]byte
	slices := 0
	for _, nal := range split(data) {
		kind := h264.NALUType(nal[0] & 0x1F)
		vcl := kind == h264.NALUTypeIDR || kind == h264.NALUTypeNonIDR
		first := vcl && len(nal) > 1 && nal[1]&0x80 != 0 // first_mb_in_slice is 0
		if slices > 0 && (first || !vcl) {
			c.Units = append(c.Units, unit)
			unit, slices = nil, 0
		}
		switch kind {
		case h264.NALUTypeSPS:
			c.SPS = nal
		case h264.NALUTypePPS:
			c.PPS = nal
		case h264.NALUTypeIDR, h264.NALUTypeNonIDR:
			slices++
		default:
			continue // SEI and delimiters carry nothing a viewer needs
		}
		unit = append(unit, nal)
	}
	if slices > 0 {
		c.Units = append(c.Units, unit)
	}
	if len(c.Units) == 0 || c.SPS == nil || c.PPS == nil {
		return nil, errors.New("no H.264 pictures")
	}
	var sps h264.SPS
	if err := sps.Unmarshal(c.SPS); err != nil {
		return nil, fmt.Errorf("read sps: %w", err)
	}
	fps := sps.FPS()
	if fps < 1 || fps > 120 {
		return nil, fmt.Errorf("frame rate %.2f", fps)
	}
	c.Step = time.Duration(float64(time.Second) / fps)
	return c, nil
}

// split cuts at the start codes.
func split(data []byte) [][]byte {
	var out [][]byte
	code := []byte{0, 0, 1}
	at := bytes.Index(data, code)
	for at >= 0 {
		data = data[at+3:]
		at = bytes.Index(data, code)
		nal := data
		if at >= 0 {
			nal = data[:at]
		}
		if nal = bytes.TrimRight(nal, "\x00"); len(nal) > 0 {
			out = append(out, nal)
		}
	}
	return out
}
