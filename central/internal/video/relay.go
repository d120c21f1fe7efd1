package video

import (
	"context"
	"net"
	"strconv"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// Relay passes pictures on for whoever does not reach the video port (turn.Relay).
type Relay interface {
	// Credential lets one user relay for a while.
	Credential(user string) (name, password string, err error)
	// Port is where it listens, UDP and TCP.
	Port() int
	// Hosts are the addresses under which it is reached; none: the one that the centre itself was reached under.
	Hosts() []string
}

// ICEServer is a relay as browsers take it.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"`
}

// ICEServers are the relays that the actor may use. host is the name under which the caller reached the centre.
func (s *Service) ICEServers(ctx context.Context, host string) ([]ICEServer, error) {
	a, err := actor.Require(ctx, actor.VideoWatch)
	if err != nil {
		return nil, err
	}
	return s.RelaysFor(a.ID, host)
}

// RelaysFor are the relays for one user or terminal; none when there is no relay.
func (s *Service) RelaysFor(user, host string) ([]ICEServer, error) {
	if s.o.Relay == nil {
		return nil, nil
	}
	name, password, err := s.o.Relay.Credential(user)
	if err != nil {
		return nil, err
	}
	hosts := s.o.Relay.Hosts()
	if len(hosts) == 0 {
		if only, _, err := net.SplitHostPort(host); err == nil {
			host = only
		}
		hosts = []string{host}
	}
	out := ICEServer{Username: name, Credential: password}
	for _, host := range hosts {
		at := "turn:" + net.JoinHostPort(host, strconv.Itoa(s.o.Relay.Port())) + "?transport="
		out.URLs = append(out.URLs, at+"udp", at+"tcp")
	}
	return []ICEServer{out}, nil
}
