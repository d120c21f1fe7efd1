package harness

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"
	"github.com/pion/webrtc/v3/pkg/media/h264reader"
)

// SeatsOfRoom is how many people of a consultation speak.
const SeatsOfRoom = 8

// RoomPerson is somebody in a consultation.
type RoomPerson struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Seat int    `json:"seat"`
	Away bool   `json:"away"`
}

// RoomScene is what somebody in a consultation sees of it.
type RoomScene struct {
	Version uint64 `json:"version"`
	Room    struct {
		ID        string `json:"id"`
		Recording bool   `json:"recording"`
	} `json:"room"`
	Unkept bool         `json:"unkept"` // nothing is written although the room is to be recorded
	People []RoomPerson `json:"people"`
	You    string       `json:"you"`
}

// Seat is somebody in a consultation with camera and microphone, as a page of the console is: it asks for what is new,
// and comes back by itself under the same key when its link or the centre is gone. It shares no code with either.
type Seat struct {
	client *Client
	room   string
	key    string
	way    *Relay // of its packets; nil before the first answer
	cut    atomic.Bool
	units  [][]byte
	stop   chan struct{}
	done   chan struct{}

	mu      sync.Mutex
	pc      *webrtc.PeerConnection
	scene   RoomScene
	faces   [SeatsOfRoom]*Viewer
	voices  [SeatsOfRoom]*atomic.Int64
	asked   time.Time
	entered int
	failure error // that ends it
}

// OpenRoom opens a consultation and gives its id.
func (c *Client) OpenRoom(title string) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	err := c.Call(http.MethodPost, "/consults", map[string]string{"title": title}, &made)
	return made.ID, err
}

// RecordRoom begins or ends the recording of a consultation that the client leads.
func (c *Client) RecordRoom(room string, on bool) error {
	return c.Call(http.MethodPut, "/consults/"+room+"/recording", map[string]bool{"on": on}, nil)
}

// SeatStream is the stream of a seat of a consultation.
func SeatStream(room string, seat int) string { return fmt.Sprintf("consult-%s-%d", room, seat) }

// Sit has the client enter a consultation with a clip as its camera; it is there when Sit returns.
func (c *Client) Sit(t TB, room, clip string) *Seat {
	t.Helper()
	root, err := Root()
	must(t, err, "find the repository")
	units, err := unitsOf(filepath.Join(root, "test", "clips", clip))
	must(t, err, "read a clip")
	s := &Seat{client: c, room: room, key: rand.Text(), units: units, stop: make(chan struct{}), done: make(chan struct{})}
	must(t, s.enter(), "enter a consultation")
	go s.follow()
	t.Cleanup(s.Close)
	return s
}

// unitsOf are those of a film in Annex B.
func unitsOf(file string) (out [][]byte, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := h264reader.NewReader(f)
	for err == nil {
		var u *h264reader.NAL
		if u, err = r.NextNAL(); err == nil {
			out = append(out, append([]byte(nil), u.Data...))
		}
	}
	if len(out) == 0 {
		return nil, err
	}
	return out, nil
}

func (s *Seat) place() string { return "/consults/" + s.room + "/place?key=" + s.key }

// enter comes in, or back.
func (s *Seat) enter() (err error) {
	api, err := engine(func(*webrtc.SettingEngine) {})
	if err != nil {
		return err
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return fmt.Errorf("make peer connection: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, pc.Close())
		}
	}()
	sound, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "sound", "seat")
	if err != nil {
		return fmt.Errorf("make a track: %w", err)
	}
	picture, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000}, "picture", "seat")
	if err != nil {
		return fmt.Errorf("make a track: %w", err)
	}
	for _, track := range []webrtc.TrackLocal{sound, picture} {
		if _, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			return fmt.Errorf("add what is sent: %w", err)
		}
	}
	for i := range 2*SeatsOfRoom + 1 {
		kind := webrtc.RTPCodecTypeVideo
		if i > SeatsOfRoom {
			kind = webrtc.RTPCodecTypeAudio
		}
		if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			return fmt.Errorf("add what is received: %w", err)
		}
	}
	asked := time.Now()
	var faces [SeatsOfRoom]*Viewer
	var voices [SeatsOfRoom]*atomic.Int64
	for i := range faces {
		faces[i], voices[i] = &Viewer{pc: pc, asked: asked}, &atomic.Int64{}
	}
	pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		go drain(receiver)
		for i, tr := range pc.GetTransceivers() {
			// Two that are sent, the shared scene, the faces, the voices.
			switch at := i - 3; {
			case tr.Receiver() != receiver:
			case at >= 0 && at < SeatsOfRoom:
				faces[at].read(track)
			case at >= SeatsOfRoom:
				hear(track, voices[at-SeatsOfRoom])
			}
		}
	})
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("make offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("set offer: %w", err)
	}
	<-gathered
	var in struct {
		SDP   string    `json:"sdp"`
		Scene RoomScene `json:"scene"`
	}
	if err := s.call(http.MethodPost, s.place(), map[string]any{"sdp": WithoutAddresses(pc.LocalDescription().SDP), "camera": true, "consent": true}, &in); err != nil {
		return err
	}
	if s.way == nil {
		if s.way, err = newRelay(AddressIn(in.SDP)); err != nil {
			return err
		}
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: Through(in.SDP, s.way.Port())}); err != nil {
		return fmt.Errorf("set answer: %w", err)
	}
	s.mu.Lock()
	old := s.pc
	s.pc, s.scene, s.faces, s.voices, s.asked, s.entered = pc, in.Scene, faces, voices, asked, s.entered+1
	s.mu.Unlock()
	if old != nil {
		_ = old.Close() // it is gone as it is
	}
	go s.speak(pc, sound, picture)
	return nil
}

func hear(track *webrtc.TrackRemote, n *atomic.Int64) {
	for {
		if _, _, err := track.ReadRTP(); err != nil {
			return
		}
		n.Add(1)
	}
}

// speak sends 20 pictures and 50 silences a second until the connection is closed.
func (s *Seat) speak(pc *webrtc.PeerConnection, sound, picture *webrtc.TrackLocalStaticSample) {
	const each, quiet = 50 * time.Millisecond, 20 * time.Millisecond
	gone := func() bool { return pc.ConnectionState() == webrtc.PeerConnectionStateClosed }
	go func() {
		tick := time.NewTicker(quiet)
		defer tick.Stop()
		for range tick.C {
			if sound.WriteSample(media.Sample{Data: []byte{0xF8, 0xFF, 0xFE}, Duration: quiet}) != nil || gone() {
				return
			}
		}
	}()
	tick := time.NewTicker(each)
	defer tick.Stop()
	for {
		for _, u := range s.units {
			kind, long := u[0]&0x1F, time.Duration(0)
			if kind == 1 || kind == 5 {
				long = each
			}
			if picture.WriteSample(media.Sample{Data: u, Duration: long}) != nil || gone() {
				return
			}
			if long > 0 {
				<-tick.C
			}
		}
	}
}

// call asks the centre, which is out of reach while the link is cut.
func (s *Seat) call(method, path string, in, out any) error {
	if s.cut.Load() {
		return errors.New("the link is cut")
	}
	return s.client.Call(method, path, in, out)
}

// follow does what a page does: it asks for what is new, and comes in again when that or its connection is lost.
func (s *Seat) follow() {
	defer close(s.done)
	const again = 250 * time.Millisecond
	for {
		s.mu.Lock()
		pc, known := s.pc, s.scene.Version
		s.mu.Unlock()
		var next RoomScene
		err := s.call(http.MethodGet, s.place()+"&after="+strconv.FormatUint(known, 10), nil, &next)
		if state := pc.ConnectionState(); err == nil && state != webrtc.PeerConnectionStateDisconnected && state != webrtc.PeerConnectionStateFailed {
			s.mu.Lock()
			s.scene = next
			s.mu.Unlock()
			select {
			case <-s.stop:
				return
			default:
				continue
			}
		}
		if err == nil {
			err = s.enter()
		} else if p, ok := errors.AsType[*ProblemError](err); ok && p.Code == "consult.no_place" {
			err = s.enter()
		}
		if p, ok := errors.AsType[*ProblemError](err); ok && p.Status < 500 {
			s.mu.Lock()
			s.failure = err
			s.mu.Unlock()
			return
		}
		select {
		case <-s.stop:
			return
		case <-time.After(again):
		}
	}
}

// Scene is what the seat was told last; the error is why it is not in the room any more.
func (s *Seat) Scene() (RoomScene, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scene, s.failure
}

// Own is the number of the seat.
func (s *Seat) Own() int {
	scene, _ := s.Scene()
	for _, p := range scene.People {
		if p.ID == scene.You {
			return p.Seat
		}
	}
	return -1
}

// Entered is how often it came in.
func (s *Seat) Entered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entered
}

// Faces are how many pictures came of each seat since it last came in, Voices how many packets of sound.
func (s *Seat) Faces() (n [SeatsOfRoom]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faces {
		n[i] = f.Pictures()
	}
	return n
}

// Voices are how many packets of sound came of each seat since it last came in.
func (s *Seat) Voices() (n [SeatsOfRoom]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, v := range s.voices {
		n[i] = v.Load()
	}
	return n
}

// Packets is how many packets came, of pictures and of sound.
func (s *Seat) Packets() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.faces {
		n += s.faces[i].Packets() + int(s.voices[i].Load())
	}
	return n
}

// AllAfter is how long it took from entering until the first picture of the last of these seats came; 0 when one misses.
func (s *Seat) AllAfter(seats []int) (most time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range seats {
		after := s.faces[i].FirstAfter()
		if after == 0 {
			return 0
		}
		most = max(most, after)
	}
	return most
}

// Cut loses everything between the seat and the centre until it is mended; neither end is told.
func (s *Seat) Cut() {
	s.cut.Store(true)
	s.way.Cut()
}

// Mend lets everything through again.
func (s *Seat) Mend() {
	s.way.Mend()
	s.cut.Store(false)
}

// Close leaves.
func (s *Seat) Close() {
	close(s.stop)
	s.mu.Lock()
	pc := s.pc
	s.mu.Unlock()
	_ = s.client.Call(http.MethodDelete, s.place(), nil, nil) // the centre may be gone
	<-s.done
	_ = pc.Close()
	s.way.Close()
}
