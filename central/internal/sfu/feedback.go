package sfu

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtcp"
)

// feedback is what takes the reports and requests of a viewer.
type feedback interface {
	arrivals(report []byte, now time.Time)
	receipt(r rtcp.ReceptionReport, now time.Time)
	restart(now time.Time)
	resend(n *rtcp.TransportLayerNack, now time.Time)
}

// maxReports is how many packets one compound packet may have: a browser's has three.
const maxReports = 16

// readFeedback takes apart what a viewer sent. What is rubbish, or of no interest, is passed over; it never costs the
// rest of a compound packet.
func readFeedback(b []byte, ssrc uint32, now time.Time, to feedback) {
	for range maxReports {
		if len(b) < 4 || b[0]>>6 != 2 {
			return
		}
		size := 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1)
		if size > len(b) {
			return
		}
		one := b[:size]
		b = b[size:]
		switch format := one[0] & 0x1f; {
		case one[1] == 205 && format == 15:
			to.arrivals(one, now)
		case one[1] == 205 && format == 1:
			var n rtcp.TransportLayerNack
			if n.Unmarshal(one) == nil && n.MediaSSRC == ssrc {
				to.resend(&n, now)
			}
		case one[1] == 206 && (format == 1 || format == 4):
			to.restart(now)
		case one[1] == 201:
			var r rtcp.ReceiverReport
			if r.Unmarshal(one) != nil {
				continue
			}
			for _, report := range r.Reports {
				if report.SSRC == ssrc {
					to.receipt(report, now)
				}
			}
		}
	}
}
