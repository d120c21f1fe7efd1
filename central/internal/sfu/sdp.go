package sfu

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// What an offer may have at most. A browser's has one or two media and a few dozen lines each.
const (
	maxOffer      = 64 << 10
	maxMedia      = 4  // of a session of one picture
	maxPlaces     = 20 // pictures of a wall
	maxAttributes = 512
	maxCandidates = 64
)

// description is the offer in force.
type description struct {
	text       string
	ufrag, pwd string
	pictures   int
	sounds     int // that have a codec which is passed on
}

func invalidOffer(what string) error {
	return errs.E(errs.Invalid, "video.offer", "offer %s", what)
}

// readOffer refuses what no honest client sends, before the library sees it. The offer is of so many pictures at
// most, and of one sound.
func readOffer(text string, most int) (description, error) { return readOfferOf(text, most, 1) }

// readOfferOf is the same of so many sounds.
func readOfferOf(text string, most, voices int) (description, error) {
	if len(text) > maxOffer {
		return description{}, invalidOffer("is too long")
	}
	var s sdp.SessionDescription
	if err := unmarshal(&s, text); err != nil {
		return description{}, invalidOffer("is no SDP: " + err.Error())
	}
	if len(s.MediaDescriptions) == 0 || len(s.MediaDescriptions) > maxMedia-2+most+voices {
		return description{}, invalidOffer(fmt.Sprintf("has %d media", len(s.MediaDescriptions)))
	}
	pictures, sounds := 0, 0
	for _, m := range s.MediaDescriptions {
		candidates := 0
		for _, a := range m.Attributes {
			if a.IsICECandidate() {
				candidates++
			}
		}
		switch {
		case m.MediaName.Media == "application":
			return description{}, invalidOffer("asks for a data channel")
		case len(m.Attributes) > maxAttributes || candidates > maxCandidates:
			return description{}, invalidOffer("has too many lines")
		case m.MediaName.Media == "audio":
			if hasSound(m) {
				sounds++
			}
		case m.MediaName.Media == "video":
			pictures++
			if !hasH264(m) {
				return description{}, invalidOffer("has no H.264 but " + codecsOf(m) + "; set the encoder to H.264")
			}
		}
	}
	if (pictures == 0 && sounds == 0) || pictures > most || sounds > voices {
		return description{}, invalidOffer(fmt.Sprintf("has %d pictures and %d sounds, want at most %d and %d", pictures, sounds, most, voices))
	}
	d := credentials(text)
	d.pictures, d.sounds = pictures, sounds
	if d.ufrag == "" || d.pwd == "" {
		return description{}, invalidOffer("has no ICE credentials")
	}
	return d, nil
}

func unmarshal(s *sdp.SessionDescription, text string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("parse: %v", r)
		}
	}()
	return s.UnmarshalString(text)
}

func hasH264(m *sdp.MediaDescription) bool {
	for _, a := range m.Attributes {
		if a.Key == "rtpmap" && strings.Contains(strings.ToUpper(a.Value), " H264/90000") {
			return true
		}
	}
	return false
}

// hasSound reports whether sound is offered in a codec that is passed on.
func hasSound(m *sdp.MediaDescription) bool {
	for _, a := range m.Attributes {
		v := strings.ToUpper(a.Value)
		if a.Key == "rtpmap" && (strings.Contains(v, " OPUS/48000") || strings.Contains(v, " PCMA/8000")) {
			return true
		}
	}
	return slices.Contains(m.MediaName.Formats, "8") // PCMA needs no line of its own
}

// codecsOf names the codecs of a medium, for whoever has to choose another.
func codecsOf(m *sdp.MediaDescription) string {
	var names []string
	for _, a := range m.Attributes {
		if a.Key != "rtpmap" {
			continue
		}
		_, name, _ := strings.Cut(a.Value, " ")
		name, _, _ = strings.Cut(name, "/")
		name = strings.ToUpper(strings.ToValidUTF8(name[:min(len(name), 16)], ""))
		if known := map[string]string{"H265": "H.265", "HEVC": "H.265"}[name]; known != "" {
			name = known
		}
		if name != "" && name != "RTX" && name != "RED" && name != "ULPFEC" && !slices.Contains(names, name) && len(names) < 8 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "nothing that is known"
	}
	return strings.Join(names, ", ")
}

// credentials are the first of a description; with BUNDLE there are no others.
func credentials(text string) description {
	d := description{text: text}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, "\r")
		if v, ok := strings.CutPrefix(line, "a=ice-ufrag:"); ok && d.ufrag == "" {
			d.ufrag = v
		}
		if v, ok := strings.CutPrefix(line, "a=ice-pwd:"); ok && d.pwd == "" {
			d.pwd = v
		}
	}
	return d
}

// with is the offer with the credentials and candidates of a fragment.
func (d description) with(f fragment) string {
	var out strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(d.text, "\r\n"), "\n") {
		line = strings.TrimRight(line, "\r")
		switch {
		case strings.HasPrefix(line, "a=ice-ufrag:"):
			line = "a=ice-ufrag:" + f.ufrag
		case strings.HasPrefix(line, "a=ice-pwd:"):
			line = "a=ice-pwd:" + f.pwd
		case strings.HasPrefix(line, "a=candidate:"), strings.HasPrefix(line, "a=end-of-candidates"):
			continue
		}
		out.WriteString(line + "\r\n")
	}
	return out.String()
}

// fragment is what a PATCH carries.
type fragment struct {
	ufrag, pwd, mid string
	candidates      []string
}

func readFragment(text string) (fragment, error) {
	if len(text) > maxOffer {
		return fragment{}, invalidOffer("is too long")
	}
	f := fragment{mid: "0"}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, "\r")
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "a=ice-ufrag":
			f.ufrag = value
		case "a=ice-pwd":
			f.pwd = value
		case "a=mid":
			f.mid = value
		case "a=candidate":
			f.candidates = append(f.candidates, "candidate:"+value)
		}
	}
	if len(f.candidates) > maxCandidates || len(f.ufrag) > 256 || len(f.pwd) > 256 || strings.ContainsAny(f.ufrag+f.pwd+f.mid, " \t") {
		return fragment{}, invalidOffer("fragment is malformed")
	}
	if f.ufrag == "" && len(f.candidates) == 0 && !strings.Contains(text, "a=end-of-candidates") {
		return fragment{}, invalidOffer("fragment is empty")
	}
	return f, nil
}

// insertCandidates adds lines after the last candidate of a description.
func insertCandidates(text string, lines []string) string {
	at := strings.LastIndex(text, "a=candidate:")
	if len(lines) == 0 || at < 0 {
		return text
	}
	end := strings.Index(text[at:], "\r\n")
	if end < 0 {
		return text
	}
	at += end + 2
	return text[:at] + strings.Join(lines, "\r\n") + "\r\n" + text[at:]
}
