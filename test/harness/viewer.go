package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
)

// Viewer watches one stream over WHEP and counts whole pictures.
type Viewer struct {
	client   *Client
	pc       *webrtc.PeerConnection
	location string
	token    string
	asked    time.Time

	mu       sync.Mutex
	pictures int
	keys     int
	packets  int
	bytes    int
	first    time.Time // first picture that a decoder can show
	last     time.Time
	gap      time.Duration // longest wait between two pictures after the first
	key      bool          // the picture being received is a key picture
	params   bool          // SPS and PPS were seen
	screen   Screen
	steady   bool // packets go to the screen too
	film     *reel
}

// Ticket asks for leave to watch a stream.
func (c *Client) Ticket(stream string) (Ticket, error) {
	var ticket Ticket
	err := c.Call(http.MethodPost, "/streams/"+stream+"/watch", nil, &ticket)
	return ticket, err
}

// Watch asks for a ticket and for the picture.
func (c *Client) Watch(t TB, stream string) *Viewer {
	t.Helper()
	v, err := c.View(stream)
	must(t, err, "watch "+stream)
	t.Cleanup(v.Close)
	return v
}

// WatchOver is Watch over a link of the viewer's own: its socket.
func (c *Client) WatchOver(t TB, stream string, link net.PacketConn) *Viewer {
	t.Helper()
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: link})
	v, err := c.view(stream, func(s *webrtc.SettingEngine) { s.SetICEUDPMux(mux) })
	must(t, err, "watch "+stream)
	t.Cleanup(func() {
		v.Close()
		_ = mux.Close()
	})
	return v
}

// View is Watch for the benchmarks: the caller closes.
func (c *Client) View(stream string) (*Viewer, error) {
	return c.view(stream, func(*webrtc.SettingEngine) {})
}

func (c *Client) view(stream string, set func(*webrtc.SettingEngine)) (*Viewer, error) {
	asked := time.Now()
	ticket, err := c.Ticket(stream)
	if err != nil {
		return nil, fmt.Errorf("ask for a ticket: %w", err)
	}
	v := &Viewer{client: c, token: ticket.Token, asked: asked}
	if err := v.connect(ticket, set); err != nil {
		return nil, errors.Join(err, v.pc.Close())
	}
	return v, nil
}

func engine(set func(*webrtc.SettingEngine)) (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return nil, fmt.Errorf("register codecs: %w", err)
	}
	interceptors := &interceptor.Registry{}
	if err := listenLikeBrowsers(media, interceptors); err != nil {
		return nil, fmt.Errorf("register interceptors: %w", err)
	}
	setting := webrtc.SettingEngine{}
	setting.SetSRTPReplayProtectionWindow(1024) // that of browsers; what is sent again may be as far behind
	setting.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	setting.SetIncludeLoopbackCandidate(true)
	setting.SetICETimeouts(5*time.Second, 15*time.Second, 500*time.Millisecond) // as browsers do
	setting.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	set(&setting)
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(interceptors), webrtc.WithSettingEngine(setting)), nil
}

// listenLikeBrowsers asks for lost packets soon and over as many of them as browsers do. The library's own asks every
// 100 ms, over the last 512.
func listenLikeBrowsers(media *webrtc.MediaEngine, chain *interceptor.Registry) error {
	media.RegisterFeedback(webrtc.RTCPFeedback{Type: "nack"}, webrtc.RTPCodecTypeVideo)
	media.RegisterFeedback(webrtc.RTCPFeedback{Type: "nack", Parameter: "pli"}, webrtc.RTPCodecTypeVideo)
	lost, err := nack.NewGeneratorInterceptor(nack.GeneratorSize(8192), nack.GeneratorSkipLastN(2), nack.GeneratorInterval(25*time.Millisecond))
	if err != nil {
		return err
	}
	chain.Add(lost)
	return errors.Join(webrtc.ConfigureRTCPReports(chain), webrtc.ConfigureTWCCSender(media, chain))
}

func (v *Viewer) connect(ticket Ticket, set func(*webrtc.SettingEngine)) error {
	api, err := engine(set)
	if err != nil {
		return err
	}
	if v.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return fmt.Errorf("make peer connection: %w", err)
	}
	v.pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		go drain(receiver)
		v.read(track)
	})
	if _, err := v.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		return fmt.Errorf("add transceiver: %w", err)
	}
	offer, err := v.pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("make offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(v.pc)
	if err := v.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("set offer: %w", err)
	}
	<-gathered
	answer, err := v.client.Do(http.MethodPost, ticket.WHEP, "application/sdp", ticket.Token, strings.NewReader(v.pc.LocalDescription().SDP))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if answer.StatusCode != http.StatusCreated {
		return fmt.Errorf("whep answers %d: %s", answer.StatusCode, text)
	}
	v.location = answer.Header.Get("Location")
	if err := v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(text)}); err != nil {
		return fmt.Errorf("set answer: %w", err)
	}
	return nil
}

func drain(receiver *webrtc.RTPReceiver) {
	for {
		if _, _, err := receiver.ReadRTCP(); err != nil {
			return
		}
	}
}

func (v *Viewer) read(track *webrtc.TrackRemote) {
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if v.take(p, time.Now()) {
			_ = v.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}}) // or it asks again
		}
	}
}

// take counts a packet; it reports whether to ask for a key frame.
func (v *Viewer) take(p *rtp.Packet, now time.Time) (ask bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.steady {
		ask = v.screen.Push(p, now)
	}
	v.count(p, now)
	if v.film != nil {
		v.film.push(p)
	}
	return ask
}

func (v *Viewer) count(p *rtp.Packet, now time.Time) {
	v.packets++
	v.bytes += len(p.Payload)
	for _, kind := range nalKinds(p.Payload) {
		switch kind {
		case 5:
			v.key = true
		case 7:
			v.params = true
		}
	}
	if !p.Marker {
		return
	}
	if v.key {
		v.keys++
	}
	if v.first.IsZero() {
		if !v.key || !v.params {
			v.key = false
			return
		}
		v.first = now
	} else if gap := now.Sub(v.last); gap > v.gap {
		v.gap = gap
	}
	v.pictures, v.last, v.key = v.pictures+1, now, false
}

// nalKinds are the types of the NAL units that begin in an RTP payload (RFC 6184).
func nalKinds(payload []byte) []byte {
	if len(payload) == 0 {
		return nil
	}
	switch kind := payload[0] & 0x1F; kind {
	case 24: // STAP-A
		var out []byte
		for rest := payload[1:]; len(rest) > 2; {
			size := int(rest[0])<<8 | int(rest[1])
			if size == 0 || size > len(rest)-2 {
				break
			}
			out, rest = append(out, rest[2]&0x1F), rest[2+size:]
		}
		return out
	case 28: // FU-A
		if len(payload) > 1 && payload[1]&0x80 != 0 {
			return []byte{payload[1] & 0x1F}
		}
		return nil
	default:
		return []byte{kind}
	}
}

// Steady has the viewer put packets into order and ask for a key frame as a browser does (Screen).
func (v *Viewer) Steady() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.steady = true
}

// Screen is what was seen so far, since Steady.
func (v *Viewer) Screen() Screen {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.screen
	s.waiting, s.Freezes, s.Ended = nil, slices.Clone(s.Freezes), slices.Clone(s.Ended)
	return s
}

// Keep has the viewer keep what comes from now on (Film).
func (v *Viewer) Keep() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.film = &reel{}
}

// Film is the pictures that came since Keep, from the first key frame on, as a decoder reads them from a file (ITU-T
// H.264 annex B), and their sizes, each once as it came.
func (v *Viewer) Film() (text []byte, sizes []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.film.text), slices.Clone(v.film.sizes)
}

// Keys is how many of the pictures were key frames.
func (v *Viewer) Keys() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.keys
}

// Pictures is how many whole pictures came since the first that can be shown.
func (v *Viewer) Pictures() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.pictures
}

// Packets is how many packets came.
func (v *Viewer) Packets() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.packets
}

// Bytes is how much of pictures came, without the heads of the packets.
func (v *Viewer) Bytes() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.bytes
}

// FirstAfter is how long the first picture took since the viewer asked; 0 when there was none.
func (v *Viewer) FirstAfter() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.first.IsZero() {
		return 0
	}
	return v.first.Sub(v.asked)
}

// Close stops watching: the session is deleted as a browser does when it leaves the page. It is let come up
// before: pion v3 reads the transport without its lock when it closes one that is just being set up.
func (v *Viewer) Close() {
	for end := time.Now().Add(time.Second); v.pc.RemoteDescription() != nil && time.Now().Before(end); {
		if s := v.pc.ConnectionState(); s != webrtc.PeerConnectionStateNew && s != webrtc.PeerConnectionStateConnecting {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if v.location != "" {
		if answer, err := v.client.Do(http.MethodDelete, v.location, "", v.token, nil); err == nil {
			answer.Body.Close()
		}
		v.location = ""
	}
	_ = v.pc.Close() // nothing can be done about it
}

// Layer is how much of the picture the centre says that it sends: main, sub, thin or pause.
func (v *Viewer) Layer() (string, error) {
	return v.layer(http.MethodGet, "")
}

// Choose says how much is wanted.
func (v *Viewer) Choose(layer string, pinned bool) error {
	_, err := v.layer(http.MethodPut, fmt.Sprintf(`{"layer":%q,"pinned":%v}`, layer, pinned))
	return err
}

func (v *Viewer) layer(method, body string) (string, error) {
	answer, err := v.client.Do(method, v.location+"/layer", "application/json", v.token, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	var sent struct {
		Layer string `json:"layer"`
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the centre answers %d: %s", answer.StatusCode, text)
	}
	err = json.Unmarshal(text, &sent)
	return sent.Layer, err
}
