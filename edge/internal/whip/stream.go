package whip

import (
	"strings"
	"time"

	"github.com/pion/webrtc/v3"
)

const (
	udpFirst   = time.Second // that UDP has to itself
	streamsMax = 16          // ways over TCP that are tried
	countEvery = time.Second
)

// apart takes the ways over TCP out of an answer. They wait until UDP has led nowhere: the library takes the way that
// answers first, and over TCP one lost packet holds up all that follow.
func apart(answer string) (rest string, streams []string) {
	var b strings.Builder
	for line := range strings.Lines(answer) {
		way, ok := strings.CutPrefix(strings.TrimSpace(line), "a=candidate:")
		if words := strings.Fields(way); !ok || len(words) < 3 || !strings.EqualFold(words[2], "tcp") {
			b.WriteString(line)
		} else if len(streams) < streamsMax {
			streams = append(streams, "candidate:"+way)
		}
	}
	return b.String(), streams
}

// dial tries the ways over TCP beside the others. The library dials in the background and gives up with the connection.
func (s *Session) dial() {
	for _, way := range s.streams {
		_ = s.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: way}) // one that is not understood leaves the others
	}
}

// tally tells how many bytes went over TCP since it told last. The library dials TCP past the network that Settings
// was given, which counts the rest. The heads of TCP and IP and what keeps the way open are not in it.
func (s *Session) tally(tell func(bytes int)) {
	if tell == nil {
		return
	}
	pair, err := s.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err == nil && pair != nil { // there is none once the session has failed
		s.streamed = pair.Local.Protocol == webrtc.ICEProtocolTCP
	}
	if !s.streamed {
		return
	}
	if stats, ok := s.pc.GetStats()["iceTransport"].(webrtc.TransportStats); ok {
		sum := stats.BytesSent + stats.BytesReceived
		tell(int(sum - s.told)) //nolint:gosec // of a second
		s.told = sum
	}
}
