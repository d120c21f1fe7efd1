package h264

import (
	"bytes"
	"testing"
)

var (
	sps = []byte{0x67, 0x42, 0xc0, 0x1f, 0x8c}
	pps = []byte{0x68, 0xce, 0x3c, 0x80}
)

func TestKeyFramesAreFoundInEveryPacketForm(t *testing.T) {
	for _, c := range []struct {
		name    string
		payload []byte
		want    Info
	}{
		{"empty", nil, Info{}},
		{"slice", []byte{0x41, 1, 2}, Info{}},
		{"key slice", []byte{0x65, 1, 2}, Info{IDR: true}},
		{"first fragment of a key slice", []byte{0x7c, 0x85, 1}, Info{IDR: true}},
		{"later fragment of a key slice", []byte{0x7c, 0x05, 1}, Info{}},
		{"first fragment of a slice", []byte{0x7c, 0x81, 1}, Info{}},
		{"fragment cut short", []byte{0x7c}, Info{}},
		{"sets", Join(sps, pps), Info{SPS: sps, PPS: pps}},
		{"one set", sps, Info{SPS: sps}},
		{"aggregate longer than it is", []byte{0x78, 0xff, 0xff, 0x67}, Info{}},
		{"aggregate of nothing", []byte{0x78, 0, 0, 0, 0}, Info{}},
		{"sets and key slice", append(Join(sps, pps), 0, 2, 0x65, 9), Info{IDR: true, SPS: sps, PPS: pps}},
	} {
		got := Inspect(c.payload)
		if got.IDR != c.want.IDR || !bytes.Equal(got.SPS, c.want.SPS) || !bytes.Equal(got.PPS, c.want.PPS) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func FuzzInspect(f *testing.F) {
	f.Add(Join(sps, pps))
	f.Add([]byte{0x7c, 0x85, 1})
	f.Fuzz(func(t *testing.T, payload []byte) {
		info := Inspect(payload)
		if len(info.SPS)+len(info.PPS) > len(payload) {
			t.Errorf("sets of %d bytes from %d", len(info.SPS)+len(info.PPS), len(payload))
		}
	})
}
