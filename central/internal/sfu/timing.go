package sfu

import (
	"cmp"
	"time"

	"github.com/pion/rtcp"

	"github.com/fengsui/fengsui/central/internal/sfu/ring"
)

const (
	reportEvery = time.Second
	// since1900 is where NTP begins, in seconds before Unix time.
	since1900 = 2_208_988_800
)

// timing tells a viewer which moment the time of a packet stands for (RFC 3550 §6.4.1). It looks at the
// clock once for each batch; the library's own did for each packet.
type timing struct {
	ssrc            uint32
	rate            uint32 // ticks of its clock in a second; 0: those of pictures
	packets, octets uint32
	time            uint32    // of the newest picture
	at              time.Time // when its first packet left
	told            time.Time
}

// sent counts packets that left at a moment.
func (r *timing) sent(packets []ring.Packet, now time.Time) {
	for i := range packets {
		r.packets++
		r.octets += uint32(len(packets[i].Payload)) //nolint:gosec // counts wrap around, as the standard has it
	}
	if newest := packets[len(packets)-1].Time; newest != r.time || r.at.IsZero() {
		r.time, r.at = newest, now
	}
}

// due is the report that is to be sent at a moment; nil when it is too early.
func (r *timing) due(now time.Time) *rtcp.SenderReport {
	if now.Sub(r.told) < reportEvery {
		return nil
	}
	r.told = now
	return &rtcp.SenderReport{
		SSRC: r.ssrc, NTPTime: ntp(now), RTPTime: r.time + uint32(now.Sub(r.at).Seconds()*float64(cmp.Or(r.rate, clock))),
		PacketCount: r.packets, OctetCount: r.octets,
	}
}

// ntp is a moment as NTP writes it: seconds since 1900 with 32 bits of fraction.
func ntp(t time.Time) uint64 {
	whole := uint64(t.Unix()+since1900) << 32                                   //nolint:gosec // after 1900
	return whole | uint64(t.Nanosecond())<<32/uint64(time.Second.Nanoseconds()) //nolint:gosec // below a second
}
