// Package dome is a camera on loopback that turns and zooms: an ONVIF server (device, media and PTZ services over SOAP
// 1.2) of which the simulator and tests see where it looks. It asks for a WS-Security digest in its own clock, as real
// cameras do. Only tests and the simulator import it.
package dome

import (
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // what cameras do
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what the UsernameToken profile prescribes
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options of a dome. Without a password it lets everybody in.
type Options struct {
	Listen         string // host:port
	User, Password string
	Clock          time.Duration // its clock before ours
	Fixed          bool          // it has no PTZ service
	Mute           bool          // it does not tell whether it moves
	Key            func()        // it was asked for a key frame; nil: it does not know the request
	Digest         string        // MD5 or SHA-256: it demands HTTP digest (RFC 7616) and takes no password inside the message
}

// View is where it looks, in degrees, and how far it is zoomed in, 0 to 1.
type View struct{ Pan, Tilt, Zoom float64 }

// Dome is the camera.
type Dome struct {
	o      Options
	server *http.Server
	addr   string

	mu      sync.Mutex
	view    View
	speed   View // a second
	at      time.Time
	until   time.Time // of its own time-out; zero: none
	presets []preset
	asked   []string // names of the requests, in order
	deaf    bool
	tries   int // requests, those too that it did not let in
	nonces  map[string]bool
	issued  map[string]int64 // by HTTP digest, how often each nonce was used
}

type preset struct {
	token, name string
	view        View
}

// The most it can do in a second, in degrees and in parts of its zoom.
const (
	panSpeed, tiltSpeed, zoomSpeed = 30.0, 15.0, 0.4
	tiltMost                       = 90.0
	clockSlack                     = 5 * time.Second
)

// New makes a dome that looks straight on.
func New(o Options) *Dome {
	return &Dome{o: o, at: time.Now(), nonces: map[string]bool{}, issued: map[string]int64{}, presets: []preset{{"1", "外闸全景", View{0, 0, 0}}, {"2", "下游水尺", View{-40, 10, 0.6}}}}
}

// Start listens until Stop; after that again on the same address.
func (d *Dome) Start(ctx context.Context) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cmp.Or(d.addr, d.o.Listen))
	if err != nil {
		return fmt.Errorf("start dome: %w", err)
	}
	d.addr = l.Addr().String()
	d.server = &http.Server{Handler: http.HandlerFunc(d.serve), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = d.server.Serve(l) }()
	return nil
}

// Stop ends it. What moves goes on, as a camera does whose network is gone.
func (d *Dome) Stop(context.Context) error { return d.server.Close() }

// Address is that of its device service.
func (d *Dome) Address() string { return "http://" + d.addr + "/onvif/device_service" }

// View is where it looks now.
func (d *Dome) View() View {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn()
	return d.view
}

// Nearest is the token of the preset that it looks nearest to.
func (d *Dome) Nearest() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn()
	token, least := "", math.Inf(1)
	for _, p := range d.presets {
		away := math.Hypot(math.Remainder(p.view.Pan-d.view.Pan, 360), p.view.Tilt-d.view.Tilt)
		if away < least {
			token, least = p.token, away
		}
	}
	return token
}

// Moving reports whether it moves.
func (d *Dome) Moving() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn()
	return d.speed != View{}
}

// Deaf makes it answer nothing but errors, or well again. What moves goes on.
func (d *Dome) Deaf(is bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deaf = is
}

// Asked are the names of the requests so far that it let in.
func (d *Dome) Asked() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.asked...)
}

// Tries counts the requests so far, those too that it did not let in.
func (d *Dome) Tries() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tries
}

// turn moves the view to the present.
func (d *Dome) turn() {
	now := time.Now()
	end := now
	if !d.until.IsZero() && d.until.Before(end) {
		end = d.until
	}
	s := max(end.Sub(d.at).Seconds(), 0)
	d.view.Pan = math.Mod(d.view.Pan+d.speed.Pan*s+540, 360) - 180
	d.view.Tilt = min(max(d.view.Tilt+d.speed.Tilt*s, -tiltMost), tiltMost)
	d.view.Zoom = min(max(d.view.Zoom+d.speed.Zoom*s, 0), 1)
	d.at = now
	if end != now {
		d.speed, d.until = View{}, time.Time{}
	}
}

// request is what it reads of one.
type request struct {
	User    string `xml:"Header>Security>UsernameToken>Username"`
	Digest  string `xml:"Header>Security>UsernameToken>Password"`
	Nonce   string `xml:"Header>Security>UsernameToken>Nonce"`
	Created string `xml:"Header>Security>UsernameToken>Created"`
	Body    struct {
		Clock        *struct{} `xml:"GetSystemDateAndTime"`
		Capabilities *struct{} `xml:"GetCapabilities"`
		Profiles     *struct{} `xml:"GetProfiles"`
		Presets      *struct{} `xml:"GetPresets"`
		Status       *struct{} `xml:"GetStatus"`
		Key          *struct{} `xml:"SetSynchronizationPoint"`
		Move         *struct {
			Profile string `xml:"ProfileToken"`
			PanTilt struct {
				X float64 `xml:"x,attr"`
				Y float64 `xml:"y,attr"`
			} `xml:"Velocity>PanTilt"`
			Zoom struct {
				X float64 `xml:"x,attr"`
			} `xml:"Velocity>Zoom"`
			Timeout string `xml:"Timeout"`
		} `xml:"ContinuousMove"`
		Stop *struct{} `xml:"Stop"`
		Goto *struct {
			Preset string `xml:"PresetToken"`
		} `xml:"GotoPreset"`
		Save *struct {
			Name string `xml:"PresetName"`
		} `xml:"SetPreset"`
		Remove *struct {
			Preset string `xml:"PresetToken"`
		} `xml:"RemovePreset"`
	} `xml:"Body"`
}

var errPassword = errors.New("ter:NotAuthorized")

func (d *Dome) serve(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	var q request
	if err == nil {
		err = xml.Unmarshal(text, &q)
	}
	if err != nil {
		http.Error(w, "no SOAP", http.StatusBadRequest)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries++
	if d.deaf {
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	d.turn()
	if d.o.Digest != "" && !d.knows(r) {
		d.demand(w)
		return
	}
	body, err := d.answer(q)
	w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		body = `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>` + err.Error() + `</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">` + err.Error() + `</s:Text></s:Reason></s:Fault>`
	}
	_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl" xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>`+body+`</s:Body></s:Envelope>`)
}

// nonceUses is how often a nonce is taken before it is stale.
const nonceUses = 5

// demand asks for HTTP digest, with one that nobody can meet before it.
func (d *Dome) demand(w http.ResponseWriter) {
	nonce := rand.Text()
	d.issued[nonce] = 0
	w.Header().Add("WWW-Authenticate", `Digest realm="dome", nonce="x", algorithm=SHA-512-256, qop="auth", Basic realm="dome"`)
	w.Header().Add("WWW-Authenticate", fmt.Sprintf(`Digest realm="the \"dome\"", qop="auth,auth-int", algorithm=%s, nonce="%s", opaque="o=1,2", stale=true`, d.o.Digest, nonce))
	http.Error(w, "who is it?", http.StatusUnauthorized)
}

var pair = regexp.MustCompile(`(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))`)

// knows checks the HTTP digest of a request.
func (d *Dome) knows(r *http.Request) bool {
	said := map[string]string{}
	text, is := strings.CutPrefix(r.Header.Get("Authorization"), "Digest ")
	for _, m := range pair.FindAllStringSubmatch(text, -1) {
		said[m[1]] = strings.ReplaceAll(m[2], `\"`, `"`) + m[3]
	}
	count, err := strconv.ParseInt(said["nc"], 16, 32)
	used, issued := d.issued[said["nonce"]]
	if !is || err != nil || !issued || count <= used || count > nonceUses || said["uri"] != r.URL.RequestURI() || said["username"] != d.o.User || said["opaque"] != "o=1,2" {
		return false
	}
	d.issued[said["nonce"]] = count
	sum := func(text string) string {
		if d.o.Digest == "MD5" {
			return fmt.Sprintf("%x", md5.Sum([]byte(text))) //nolint:gosec // what cameras do
		}
		return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	}
	who := sum(d.o.User + `:the "dome":` + d.o.Password)
	return said["response"] == sum(who+":"+said["nonce"]+":"+said["nc"]+":"+said["cnonce"]+":auth:"+sum(r.Method+":"+said["uri"]))
}

// allowed checks the digest inside the message.
func (d *Dome) allowed(q request) bool {
	if d.o.Password == "" || d.o.Digest != "" {
		return true
	}
	nonce, err := base64.StdEncoding.DecodeString(q.Nonce)
	if err != nil || d.nonces[q.Nonce] || q.User != d.o.User {
		return false
	}
	d.nonces[q.Nonce] = true
	at, err := time.Parse(time.RFC3339, q.Created)
	if err != nil || time.Now().Add(d.o.Clock).Sub(at).Abs() > clockSlack {
		return false
	}
	sum := sha1.Sum(append(append(nonce, q.Created...), d.o.Password...)) //nolint:gosec // what the profile prescribes
	return q.Digest == base64.StdEncoding.EncodeToString(sum[:])
}

func (d *Dome) answer(q request) (string, error) {
	b := q.Body
	if b.Clock != nil {
		at := time.Now().Add(d.o.Clock).UTC()
		return fmt.Sprintf(`<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>%d</tt:Hour><tt:Minute>%d</tt:Minute><tt:Second>%d</tt:Second></tt:Time><tt:Date><tt:Year>%d</tt:Year><tt:Month>%d</tt:Month><tt:Day>%d</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`,
			at.Hour(), at.Minute(), at.Second(), at.Year(), at.Month(), at.Day()), nil
	}
	if !d.allowed(q) {
		return "", errPassword
	}
	switch {
	case b.Capabilities != nil:
		d.asked = append(d.asked, "capabilities")
		// Behind a router a camera names an address that only it knows.
		services := `<tt:Media><tt:XAddr>http://192.0.2.1/onvif/media_service</tt:XAddr></tt:Media>`
		if !d.o.Fixed {
			services += `<tt:PTZ><tt:XAddr>http://192.0.2.1/onvif/ptz_service</tt:XAddr></tt:PTZ>`
		}
		return `<tds:GetCapabilitiesResponse><tds:Capabilities>` + services + `</tds:Capabilities></tds:GetCapabilitiesResponse>`, nil
	case b.Profiles != nil:
		d.asked = append(d.asked, "profiles")
		return `<trt:GetProfilesResponse><trt:Profiles token="fixed"><tt:Name>still</tt:Name></trt:Profiles><trt:Profiles token="main"><tt:Name>main</tt:Name><tt:PTZConfiguration token="ptz"/></trt:Profiles></trt:GetProfilesResponse>`, nil
	case b.Presets != nil:
		d.asked = append(d.asked, "presets")
		var list strings.Builder
		for _, p := range d.presets {
			list.WriteString(`<tptz:Preset token="` + p.token + `"><tt:Name>`)
			if err := xml.EscapeText(&list, []byte(p.name)); err != nil {
				return "", err
			}
			list.WriteString(`</tt:Name></tptz:Preset>`)
		}
		return `<tptz:GetPresetsResponse>` + list.String() + `</tptz:GetPresetsResponse>`, nil
	}
	if b.Status != nil && !d.o.Mute {
		moves := "IDLE"
		if d.speed != (View{}) {
			moves = "MOVING"
		}
		d.asked = append(d.asked, "status")
		return `<tptz:GetStatusResponse><tptz:PTZStatus><tt:MoveStatus><tt:PanTilt>` + moves + `</tt:PanTilt><tt:Zoom>IDLE</tt:Zoom></tt:MoveStatus></tptz:PTZStatus></tptz:GetStatusResponse>`, nil
	}
	if b.Key != nil && d.o.Key != nil {
		d.asked = append(d.asked, "key")
		d.o.Key()
		return `<trt:SetSynchronizationPointResponse/>`, nil
	}
	return d.act(q)
}

// act is what moves it.
func (d *Dome) act(q request) (string, error) {
	b := q.Body
	switch {
	case b.Move != nil && b.Move.Profile == "main":
		d.asked = append(d.asked, "move")
		d.speed = View{b.Move.PanTilt.X * panSpeed, b.Move.PanTilt.Y * tiltSpeed, b.Move.Zoom.X * zoomSpeed}
		d.until = time.Time{}
		if s, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimPrefix(b.Move.Timeout, "PT"), "S"), 64); err == nil {
			d.until = time.Now().Add(time.Duration(s * float64(time.Second)))
		}
		return `<tptz:ContinuousMoveResponse/>`, nil
	case b.Stop != nil:
		d.asked = append(d.asked, "stop")
		d.speed, d.until = View{}, time.Time{}
		return `<tptz:StopResponse/>`, nil
	case b.Goto != nil:
		d.asked = append(d.asked, "goto "+b.Goto.Preset)
		for _, p := range d.presets {
			if p.token == b.Goto.Preset {
				d.view, d.speed = p.view, View{}
				return `<tptz:GotoPresetResponse/>`, nil
			}
		}
		return "", errors.New("ter:NoToken")
	case b.Save != nil:
		d.asked = append(d.asked, "save")
		token := "1"
		for slices.ContainsFunc(d.presets, func(p preset) bool { return p.token == token }) {
			n, _ := strconv.Atoi(token) // its own number
			token = strconv.Itoa(n + 1)
		}
		d.presets = append(d.presets, preset{token, b.Save.Name, d.view})
		return `<tptz:SetPresetResponse><tptz:PresetToken>` + token + `</tptz:PresetToken></tptz:SetPresetResponse>`, nil
	case b.Remove != nil:
		d.asked = append(d.asked, "remove "+b.Remove.Preset)
		left := slices.DeleteFunc(slices.Clone(d.presets), func(p preset) bool { return p.token == b.Remove.Preset })
		if len(left) == len(d.presets) {
			return "", errors.New("ter:NoToken")
		}
		d.presets = left
		return `<tptz:RemovePresetResponse/>`, nil
	}
	return "", errors.New("ter:ActionNotSupported")
}
