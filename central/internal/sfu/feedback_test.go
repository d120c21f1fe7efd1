package sfu

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// taken notes what was understood.
type taken struct{ arrived, lost, keys, again int }

func (n *taken) arrivals([]byte, time.Time)                 { n.arrived++ }
func (n *taken) receipt(rtcp.ReceptionReport, time.Time)    { n.lost++ }
func (n *taken) restart(time.Time)                          { n.keys++ }
func (n *taken) resend(*rtcp.TransportLayerNack, time.Time) { n.again++ }

func compound(t testing.TB, packets ...rtcp.Packet) []byte {
	t.Helper()
	b, err := rtcp.Marshal(packets)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFeedbackIsTakenApart(t *testing.T) {
	all := compound(t,
		&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 7}, {SSRC: 8}}},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{Source: 1, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "x"}}}}},
		&rtcp.PictureLossIndication{MediaSSRC: 7},
		&rtcp.FullIntraRequest{MediaSSRC: 7, FIR: []rtcp.FIREntry{{SSRC: 7}}},
		&rtcp.TransportLayerNack{MediaSSRC: 7, Nacks: []rtcp.NackPair{{PacketID: 5}}},
		&rtcp.TransportLayerNack{MediaSSRC: 8, Nacks: []rtcp.NackPair{{PacketID: 5}}},
		&rtcp.TransportLayerCC{
			Header: rtcp.Header{Count: 15, Type: 205, Length: 5}, MediaSSRC: 7, PacketStatusCount: 1,
			PacketChunks: []rtcp.PacketStatusChunk{&rtcp.RunLengthChunk{PacketStatusSymbol: 1, RunLength: 1}},
			RecvDeltas:   []*rtcp.RecvDelta{{Type: 1, Delta: 250}},
		},
	)
	var n taken
	readFeedback(all, 7, time.Now(), &n)
	if n != (taken{arrived: 1, lost: 1, keys: 2, again: 1}) {
		t.Errorf("%+v", n)
	}
	// What is broken in the middle costs what comes before nothing.
	n = taken{}
	readFeedback(append(compound(t, &rtcp.PictureLossIndication{MediaSSRC: 7}), 0x81, 201, 0xff, 0xff), 7, time.Now(), &n)
	if n != (taken{keys: 1}) {
		t.Errorf("%+v", n)
	}
}

func FuzzFeedback(f *testing.F) {
	f.Add(compound(f, &rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 7, LastSenderReport: 1 << 31}}}, &rtcp.PictureLossIndication{MediaSSRC: 7}))
	f.Add(compound(f, &rtcp.TransportLayerNack{MediaSSRC: 7, Nacks: []rtcp.NackPair{{PacketID: 5, LostPackets: 0xffff}}}))
	f.Add([]byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 7, 0, 1, 0, 7, 0, 0, 1, 0, 0x20, 7, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Fuzz(func(_ *testing.T, b []byte) {
		l := &lane{pulse: newPulse(), ssrc: 7}
		readFeedback(b, 7, time.Now(), l)
		l.pulse.step(time.Now())
	})
}
