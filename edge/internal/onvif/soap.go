package onvif

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what the UsernameToken profile prescribes
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/fengsui/fengsui/shared/wire"
)

const (
	maxAnswer = 512 << 10
	maxReason = 200
	// noPassword as a difference of clocks sends a request without a password.
	noPassword = time.Duration(math.MinInt64)
)

const (
	envelopeOpen = `<?xml version="1.0" encoding="utf-8"?>` +
		`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema"` +
		` xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl">`
	wsse           = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	wsu            = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	passwordDigest = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
	base64Binary   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"

	clockBody        = `<tds:GetSystemDateAndTime/>`
	capabilitiesBody = `<tds:GetCapabilities><tds:Category>All</tds:Category></tds:GetCapabilities>`
	profilesBody     = `<trt:GetProfiles/>`
)

func moveBody(profile string, v Velocity, most time.Duration) string {
	return fmt.Sprintf(`<tptz:ContinuousMove><tptz:ProfileToken>%s</tptz:ProfileToken><tptz:Velocity><tt:PanTilt x="%.3f" y="%.3f"/><tt:Zoom x="%.3f"/></tptz:Velocity><tptz:Timeout>PT%.1fS</tptz:Timeout></tptz:ContinuousMove>`,
		escaped(profile), v.Pan, v.Tilt, v.Zoom, most.Seconds())
}

func stopBody(profile string) string {
	return `<tptz:Stop><tptz:ProfileToken>` + escaped(profile) + `</tptz:ProfileToken><tptz:PanTilt>true</tptz:PanTilt><tptz:Zoom>true</tptz:Zoom></tptz:Stop>`
}

func gotoBody(profile, preset string) string {
	return `<tptz:GotoPreset><tptz:ProfileToken>` + escaped(profile) + `</tptz:ProfileToken><tptz:PresetToken>` + escaped(preset) + `</tptz:PresetToken></tptz:GotoPreset>`
}

func saveBody(profile, name string) string {
	return `<tptz:SetPreset><tptz:ProfileToken>` + escaped(profile) + `</tptz:ProfileToken><tptz:PresetName>` + escaped(name) + `</tptz:PresetName></tptz:SetPreset>`
}

func presetsBody(profile string) string {
	return `<tptz:GetPresets><tptz:ProfileToken>` + escaped(profile) + `</tptz:ProfileToken></tptz:GetPresets>`
}

func statusBody(profile string) string {
	return `<tptz:GetStatus><tptz:ProfileToken>` + escaped(profile) + `</tptz:ProfileToken></tptz:GetStatus>`
}

func removeBody(profile, preset string) string {
	return `<tptz:RemovePreset><tptz:ProfileToken>` + escaped(profile) + `</tptz:ProfileToken><tptz:PresetToken>` + escaped(preset) + `</tptz:PresetToken></tptz:RemovePreset>`
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

// answer is what is read of an answer; elements are known by their local names.
type answer struct {
	Body struct {
		Fault *struct {
			Codes []string `xml:"Code>Subcode>Value"`
			Inner []string `xml:"Code>Subcode>Subcode>Value"`
			Text  string   `xml:"Reason>Text"`
		} `xml:"Fault"`
		UTC *struct {
			Hour   int `xml:"Time>Hour"`
			Minute int `xml:"Time>Minute"`
			Second int `xml:"Time>Second"`
			Year   int `xml:"Date>Year"`
			Month  int `xml:"Date>Month"`
			Day    int `xml:"Date>Day"`
		} `xml:"GetSystemDateAndTimeResponse>SystemDateAndTime>UTCDateTime"`
		Capabilities struct {
			Media string `xml:"Media>XAddr"`
			PTZ   string `xml:"PTZ>XAddr"`
		} `xml:"GetCapabilitiesResponse>Capabilities"`
		Profiles []struct {
			Token string    `xml:"token,attr"`
			PTZ   *struct{} `xml:"PTZConfiguration"`
		} `xml:"GetProfilesResponse>Profiles"`
		Moves struct {
			PanTilt string `xml:"PanTilt"`
			Zoom    string `xml:"Zoom"`
		} `xml:"GetStatusResponse>PTZStatus>MoveStatus"`
		Presets []struct {
			Token string `xml:"token,attr"`
			Name  string `xml:"Name"`
		} `xml:"GetPresetsResponse>Preset"`
	} `xml:"Body"`
}

// parse reads an answer.
func parse(text []byte) (answer, error) {
	var a answer
	if err := xml.Unmarshal(text, &a); err != nil {
		return answer{}, fmt.Errorf("%w: %.100s", ErrAnswer, plain(err.Error()))
	}
	return a, nil
}

// clock is the time that the camera tells, if it is one.
func (a *answer) clock() (time.Time, bool) {
	u := a.Body.UTC
	if u == nil || u.Year < 1970 || u.Year > 9999 || u.Month < 1 || u.Month > 12 || u.Day < 1 || u.Day > 31 ||
		u.Hour < 0 || u.Hour > 24 || u.Minute < 0 || u.Minute > 60 || u.Second < 0 || u.Second > 61 {
		return time.Time{}, false
	}
	return time.Date(u.Year, time.Month(u.Month), u.Day, u.Hour, u.Minute, u.Second, 0, time.UTC), true
}

// presets are those that can be asked for.
func (a *answer) presets() []Preset {
	var out []Preset
	for _, p := range a.Body.Presets {
		if p.Token == "" || len(p.Token) > wire.MaxPreset || plain(p.Token) != p.Token || len(out) == maxPresets {
			continue
		}
		name := []rune(plain(strings.TrimSpace(p.Name)))
		out = append(out, Preset{Token: p.Token, Name: string(name[:min(len(name), maxName)])})
	}
	return out
}

// fault names what a camera refuses.
func (a *answer) fault() error {
	f := a.Body.Fault
	if f == nil {
		return nil
	}
	for _, code := range append(f.Codes, f.Inner...) {
		if strings.HasSuffix(strings.TrimSpace(code), "NotAuthorized") {
			return ErrPassword
		}
	}
	reason := []rune(plain(strings.TrimSpace(f.Text)))
	return fmt.Errorf("%w: %s", ErrRefused, string(reason[:min(len(reason), maxReason)]))
}

// plain is a text without what no person should be shown.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, text)
}

// token is the head of a request by somebody with a password.
func token(user, password string, created time.Time, nonce []byte) string {
	at := created.UTC().Format("2006-01-02T15:04:05.000Z")
	sum := sha1.Sum(append(append(bytes.Clone(nonce), at...), password...)) //nolint:gosec // what the profile prescribes
	return `<s:Header><wsse:Security s:mustUnderstand="true" xmlns:wsse="` + wsse + `" xmlns:wsu="` + wsu + `"><wsse:UsernameToken>` +
		`<wsse:Username>` + escaped(user) + `</wsse:Username>` +
		`<wsse:Password Type="` + passwordDigest + `">` + base64.StdEncoding.EncodeToString(sum[:]) + `</wsse:Password>` +
		`<wsse:Nonce EncodingType="` + base64Binary + `">` + base64.StdEncoding.EncodeToString(nonce) + `</wsse:Nonce>` +
		`<wsu:Created>` + at + `</wsu:Created></wsse:UsernameToken></wsse:Security></s:Header>`
}

// call sends one request, signed in the camera's clock, which is so far ahead of ours, or by HTTP digest once the camera
// has demanded that. A demand is met once: it is asked again where the password is wrong.
func (c *Camera) call(ctx context.Context, address string, ahead time.Duration, body string) (answer, error) {
	status, demand, got, err := c.send(ctx, address, ahead, body)
	if err == nil && status == http.StatusUnauthorized && c.demanded(demand) {
		status, _, got, err = c.send(ctx, address, ahead, body)
	}
	switch {
	case err != nil:
		return answer{}, err
	case len(got) > maxAnswer:
		return answer{}, fmt.Errorf("%w: more than %d bytes", ErrAnswer, maxAnswer)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return answer{}, ErrPassword
	}
	a, err := parse(got)
	if err != nil {
		return answer{}, fmt.Errorf("%w (HTTP %d)", err, status)
	}
	if err := a.fault(); err != nil {
		return answer{}, err
	}
	if status != http.StatusOK {
		return answer{}, fmt.Errorf("%w: HTTP %d", ErrAnswer, status)
	}
	return a, nil
}

// send sends one request and reads what comes.
func (c *Camera) send(ctx context.Context, address string, ahead time.Duration, body string) (status int, head http.Header, got []byte, err error) {
	c.mu.Lock()
	inside := c.digest == nil
	c.mu.Unlock()
	signed := ""
	if c.o.User != "" && ahead != noPassword && inside {
		password, err := c.password()
		if err != nil {
			return 0, nil, nil, err
		}
		nonce := make([]byte, 16)
		_, _ = rand.Read(nonce) // never fails
		signed = token(c.o.User, password, time.Now().Add(ahead), nonce)
	}
	text := envelopeOpen + signed + `<s:Body>` + body + `</s:Body></s:Envelope>`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(text))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	req.Header.Set("Content-Type", "application/soap+xml; charset=utf-8")
	if err := c.sign(req); err != nil {
		return 0, nil, nil, err
	}
	res, err := c.o.Client.Do(req)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer func() { _ = res.Body.Close() }()
	got, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return res.StatusCode, res.Header, got, nil
}
