package onvif

import (
	"crypto/md5" //nolint:gosec // what RFC 7616 still has for cameras
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"strings"
)

// maxChallenge bounds what is read of a camera's demand for a password.
const maxChallenge = 8 << 10

// challenge is a camera's demand for HTTP digest access authentication (RFC 7616), which some ask for instead of the
// digest inside the message.
type challenge struct {
	realm, nonce, opaque string
	algorithm            string // as the camera writes it; empty: MD5
	qop                  bool   // auth; otherwise the form of RFC 2069
	uses                 uint32 // of the nonce
}

// hash is the function of the algorithm, or nil when it is none that is known.
func (c *challenge) hash() func() hash.Hash {
	switch strings.TrimSuffix(strings.ToUpper(c.algorithm), "-SESS") {
	case "", "MD5":
		return md5.New
	case "SHA-256":
		return sha256.New
	}
	return nil
}

// challengeOf picks the strongest demand of an answer that can be met; nil when there is none.
func challengeOf(h http.Header) *challenge {
	var best *challenge
	size := 0
	for _, line := range h.Values("WWW-Authenticate") {
		size += len(line)
		if size > maxChallenge {
			break
		}
		for _, c := range challengesIn(line) {
			if best == nil || c.hash()().Size() > best.hash()().Size() {
				best = &c
			}
		}
	}
	return best
}

// challengesIn reads the demands of one header (RFC 9110 §11.6.1) that can be met.
func challengesIn(line string) (out []challenge) {
	var c *challenge
	var qops string
	done := func() {
		if c != nil && c.nonce != "" && c.hash() != nil && (qops == "" || c.qop) {
			out = append(out, *c)
		}
		c, qops = nil, ""
	}
	for rest := line; ; {
		rest = strings.TrimLeft(rest, " \t,")
		at := strings.IndexAny(rest, " \t,=")
		if at < 0 {
			at = len(rest)
		}
		word := rest[:at]
		if word == "" && rest == "" {
			break
		}
		rest = strings.TrimLeft(rest[at:], " \t")
		if !strings.HasPrefix(rest, "=") { // a scheme
			done()
			if strings.EqualFold(word, "Digest") {
				c = &challenge{}
			}
			continue
		}
		var value string
		value, rest = valueOf(strings.TrimLeft(rest[1:], " \t"))
		if c == nil {
			continue
		}
		switch strings.ToLower(word) {
		case "realm":
			c.realm = value
		case "nonce":
			c.nonce = value
		case "opaque":
			c.opaque = value
		case "algorithm":
			c.algorithm = value
		case "qop":
			qops = value
			for q := range strings.SplitSeq(value, ",") {
				c.qop = c.qop || strings.EqualFold(strings.TrimSpace(q), "auth")
			}
		}
	}
	done()
	return out
}

// valueOf takes a token or a quoted string from the beginning of a text.
func valueOf(text string) (value, rest string) {
	if !strings.HasPrefix(text, `"`) {
		at := strings.IndexAny(text, " \t,")
		if at < 0 {
			at = len(text)
		}
		return text[:at], text[at:]
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:]
		case '\\':
			if i++; i < len(text) {
				b.WriteByte(text[i])
			}
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), ""
}

// quoted is a value as a quoted string.
func quoted(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// answer is the header by which a request shows that its sender knows the password.
func (c *challenge) answer(user, password, method, uri, cnonce string) string {
	sum := func(parts ...string) string {
		h := c.hash()()
		_, _ = h.Write([]byte(strings.Join(parts, ":"))) // a hash takes everything
		return hex.EncodeToString(h.Sum(nil))
	}
	c.uses++
	nc := fmt.Sprintf("%08x", c.uses)
	a1, a2 := sum(user, c.realm, password), sum(method, uri)
	if strings.HasSuffix(strings.ToUpper(c.algorithm), "-SESS") {
		a1 = sum(a1, c.nonce, cnonce)
	}
	response := sum(a1, c.nonce, a2)
	if c.qop {
		response = sum(a1, c.nonce, nc, cnonce, "auth", a2)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `Digest username=%s, realm=%s, nonce=%s, uri=%s, response="%s"`, quoted(user), quoted(c.realm), quoted(c.nonce), quoted(uri), response)
	if c.algorithm != "" {
		b.WriteString(", algorithm=" + c.algorithm)
	}
	if c.qop {
		b.WriteString(", qop=auth, nc=" + nc)
	}
	if c.qop || strings.HasSuffix(strings.ToUpper(c.algorithm), "-SESS") {
		b.WriteString(`, cnonce="` + cnonce + `"`)
	}
	if c.opaque != "" {
		b.WriteString(", opaque=" + quoted(c.opaque))
	}
	return b.String()
}

// sign answers the camera's demand in a request. A camera that demands nothing gets no header.
func (c *Camera) sign(req *http.Request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.digest == nil {
		return nil
	}
	password, err := c.password()
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", c.digest.answer(c.o.User, password, req.Method, req.URL.RequestURI(), rand.Text()))
	return nil
}

// demanded takes a new demand; false when there is none that can be met.
func (c *Camera) demanded(h http.Header) bool {
	found := challengeOf(h)
	if c.o.User == "" || found == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.digest = found
	return true
}
