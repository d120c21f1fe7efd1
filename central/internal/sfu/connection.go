package sfu

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/video"
)

// connection is one peer connection with its negotiation.
type connection struct {
	id    string
	pc    *webrtc.PeerConnection
	extra func(attribute bool) []string // candidate lines of the public addresses
	most  int                           // pictures that it may have
	pulse *pulse                        // of who watches; nil: nobody does
	// voices is how many sounds it may have; 0 means one.
	voices int

	mu     sync.Mutex // negotiation goes one step at a time
	etag   string
	remote description
	added  int
}

func (c *connection) link() *connection { return c }

func (c *connection) close() {
	if c.pulse != nil {
		c.pulse.stop()
	}
	_ = c.pc.Close()
}

// answer takes an offer.
func (c *connection) answer(ctx context.Context, offer string) (video.Answer, error) {
	d, err := readOfferOf(offer, c.most, max(c.voices, 1))
	if err != nil {
		return video.Answer{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	text, err := c.negotiate(ctx, offer)
	if err != nil {
		return video.Answer{}, err
	}
	c.remote = d
	return video.Answer{Session: c.id, ETag: c.etag, SDP: text}, nil
}

// negotiate sets an offer and returns the answer with all candidates.
func (c *connection) negotiate(ctx context.Context, offer string) (text string, err error) {
	// The offer was checked, but it is a stranger's and the library takes a whole language.
	defer func() {
		if r := recover(); r != nil {
			err = invalidOffer(fmt.Sprint("is not understood: ", r))
		}
	}()
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", invalidOffer(err.Error())
	}
	answer, err := c.pc.CreateAnswer(nil)
	if err != nil {
		return "", invalidOffer(err.Error())
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(answer); err != nil {
		return "", invalidOffer(err.Error())
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", fmt.Errorf("gather candidates: %w", ctx.Err())
	}
	text = c.pc.LocalDescription().SDP
	local := credentials(text)
	c.etag = `"` + local.ufrag + `"`
	return insertCandidates(text, c.extra(true)), nil
}

// patch takes a trickle-ice-sdpfrag (RFC 8840): candidates of the running ICE session, or new
// credentials, which restart it (RFC 9725 §4.3).
func (c *connection) patch(ctx context.Context, etag, text string) (video.Patch, error) {
	f, err := readFragment(text)
	if err != nil {
		return video.Patch{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if etag == "" {
		return video.Patch{}, errs.E(errs.Conflict, "video.etag_missing", "If-Match is missing")
	}
	restart := f.ufrag != "" && f.ufrag != c.remote.ufrag
	if etag != c.etag && (!restart || etag != "*") {
		return video.Patch{}, errs.E(errs.Conflict, "video.etag", "the ICE session is another by now")
	}
	if restart {
		return c.restart(ctx, f)
	}
	for _, line := range f.candidates {
		if c.added++; c.added > maxCandidates {
			return video.Patch{}, invalidOffer("has too many candidates")
		}
		mid := f.mid
		// One that cannot be used is no reason to refuse the others; a lite agent does not call out anyway.
		_ = c.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: line, SDPMid: &mid})
	}
	return video.Patch{}, nil
}

// restart answers new credentials with new ones.
func (c *connection) restart(ctx context.Context, f fragment) (video.Patch, error) {
	if f.pwd == "" {
		return video.Patch{}, invalidOffer("has no ice-pwd")
	}
	offer := c.remote.with(f)
	d, err := readOfferOf(offer, c.most, max(c.voices, 1))
	if err != nil {
		return video.Patch{}, err
	}
	answer, err := c.negotiate(ctx, offer)
	if err != nil {
		return video.Patch{}, err
	}
	c.remote = d
	local := credentials(answer)
	lines := make([]string, 0, 16)
	lines = append(lines, "a=ice-lite", "a=ice-ufrag:"+local.ufrag, "a=ice-pwd:"+local.pwd, "m=video 9 UDP/TLS/RTP/SAVPF 0", "a=mid:"+f.mid)
	for line := range strings.SplitSeq(answer, "\r\n") {
		if strings.HasPrefix(line, "a=candidate:") {
			lines = append(lines, line)
		}
	}
	lines = append(lines, "a=end-of-candidates", "")
	return video.Patch{Restarted: true, ETag: c.etag, Fragment: strings.Join(lines, "\r\n")}, nil
}
