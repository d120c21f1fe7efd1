package harness

import (
	"fmt"

	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/pion/rtp"
)

// reel puts packets into order and keeps their pictures.
type reel struct {
	decoder *rtph264.Decoder
	waiting map[uint16]*rtp.Packet
	next    uint16
	begun   bool // its first key frame has come

	text  []byte
	sizes []string
}

// push takes a packet as it came. One that is missing is waited for as long as any other is of use.
func (r *reel) push(p *rtp.Packet) {
	if r.waiting == nil {
		r.waiting, r.next, r.decoder = map[uint16]*rtp.Packet{}, p.SequenceNumber, &rtph264.Decoder{PacketizationMode: 1}
		if r.decoder.Init() != nil {
			return // it never fails
		}
	}
	if int16(p.SequenceNumber-r.next) < 0 { //nolint:gosec // wrapping is the point
		return
	}
	r.waiting[p.SequenceNumber] = p
	for len(r.waiting) > hopeless && r.waiting[r.next] == nil {
		r.next++
	}
	for r.waiting[r.next] != nil {
		q := r.waiting[r.next]
		delete(r.waiting, r.next)
		r.next++
		if len(q.Payload) == 0 {
			continue // padding
		}
		if units, err := r.decoder.Decode(q); err == nil {
			r.keep(units)
		}
	}
}

// keep takes a picture.
func (r *reel) keep(units [][]byte) {
	for _, u := range units {
		if h264.NALUType(u[0]&0x1f) != h264.NALUTypeSPS {
			continue
		}
		var sps h264.SPS
		if sps.Unmarshal(u) != nil {
			continue
		}
		if size := fmt.Sprintf("%dx%d", sps.Width(), sps.Height()); len(r.sizes) == 0 || r.sizes[len(r.sizes)-1] != size {
			r.sizes = append(r.sizes, size)
		}
	}
	if r.begun = r.begun || h264.IsRandomAccess(units); !r.begun {
		return
	}
	if text, err := h264.AnnexB(units).Marshal(); err == nil {
		r.text = append(r.text, text...)
	}
}
