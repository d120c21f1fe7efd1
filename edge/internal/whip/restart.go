package whip

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pion/webrtc/v3"
)

const (
	fragmentType = "application/trickle-ice-sdpfrag" // RFC 8840
	// restartMax is how long a way is looked for after a restart, that over TCP included, before the session is made anew.
	restartMax  = 2500 * time.Millisecond
	gatherMax   = time.Second
	fragmentMax = 16 << 10
)

var errNoRestart = errors.New("centre restarts no session")

// restart looks for a new way for the same session (ICE restart, RFC 9725 §4.3.3): from whatever address the terminal has
// now, with the keys and the numbers that there are, so that the picture goes on where it was.
func (s *Session) restart(ctx context.Context) error {
	if s.location == "" || s.etag == "" {
		return errNoRestart
	}
	offer, err := s.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(s.pc)
	if err := s.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	select {
	case <-gathered:
	case <-time.After(gatherMax):
	case <-ctx.Done():
		return ctx.Err()
	}
	text, etag, err := s.patch(ctx, fragmentOf(s.pc.LocalDescription().SDP))
	if err != nil {
		return err
	}
	fragment, streams := apart(text)
	answer := withFragment(s.answer, fragment)
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	s.answer, s.etag, s.streams = answer, etag, streams
	return nil
}

// patch sends new credentials and candidates and returns those of the centre.
func (s *Session) patch(ctx context.Context, fragment string) (text, etag string, err error) {
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, s.location, strings.NewReader(fragment))
	if err != nil {
		return "", "", fmt.Errorf("restart: %w", err)
	}
	req.Header.Set("Content-Type", fragmentType)
	req.Header.Set("If-Match", s.etag)
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := s.client.Do(req)
	if err != nil {
		return "", "", fmt.Errorf("restart: %w: %w", ErrLink, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, fragmentMax))
	if err != nil {
		return "", "", fmt.Errorf("restart: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", "", fmt.Errorf("%w: %s", errNoRestart, resp.Status)
	}
	return string(body), resp.Header.Get("ETag"), nil
}

// fragmentOf is what a description says of the way, once.
func fragmentOf(description string) string {
	var b strings.Builder
	seen := map[string]bool{}
	for line := range strings.Lines(description) {
		line = strings.TrimRight(line, "\r\n")
		name, _, _ := strings.Cut(line, ":")
		switch name {
		case "a=ice-ufrag", "a=ice-pwd", "a=mid":
			if seen[name] {
				continue
			}
			seen[name] = true
		case "a=candidate":
			if seen[line] {
				continue
			}
			seen[line] = true
		default:
			continue
		}
		b.WriteString(line + "\r\n")
	}
	return b.String()
}

// withFragment is a description with the credentials and candidates of a fragment in place of its own.
func withFragment(description, fragment string) string {
	credentials, candidates := map[string]string{}, strings.Builder{}
	for line := range strings.Lines(fragment) {
		line = strings.TrimRight(line, "\r\n")
		switch name, _, _ := strings.Cut(line, ":"); name {
		case "a=ice-ufrag", "a=ice-pwd":
			credentials[name] = line
		case "a=candidate":
			candidates.WriteString(line + "\r\n")
		}
	}
	var b strings.Builder
	for line := range strings.Lines(description) {
		line = strings.TrimRight(line, "\r\n")
		name, _, _ := strings.Cut(line, ":")
		switch own := credentials[name]; {
		case own != "":
			line = own
		case name == "a=candidate":
			b.WriteString(candidates.String()) // all of them where the first was
			candidates.Reset()
			continue
		}
		b.WriteString(line + "\r\n")
	}
	return b.String()
}
