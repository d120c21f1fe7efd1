package video

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Action is what a token allows.
type Action string

// The actions.
const (
	Publish Action = "publish"
	Watch   Action = "watch"
	Hear    Action = "hear" // what is spoken to a terminal; opens sessions until it expires, like Publish
)

// claim is what a token says. It names one stream and one action. A watch token opens one session; a
// publish token opens sessions until it expires, because a terminal comes back after a broken link.
type claim struct {
	Stream  string `json:"s"`
	Action  Action `json:"a"`
	Expires int64  `json:"e"` // Unix seconds
	Nonce   string `json:"n"`
	User    string `json:"u,omitempty"`
	Name    string `json:"m,omitempty"`
}

// signer signs claims with HMAC-SHA-256.
type signer struct{ key []byte }

var encoding = base64.RawURLEncoding

// maxToken is longer than any token made here.
const maxToken = 1024

func (s signer) sign(c claim) string {
	c.Nonce = rand.Text()
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and a number always encode
	}
	body := encoding.EncodeToString(text)
	return body + "." + encoding.EncodeToString(s.mac(body))
}

func (s signer) mac(body string) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(body))
	return h.Sum(nil)
}

// open reads a token that was made here, expired or not.
func (s signer) open(token string) (claim, error) {
	bad := errs.E(errs.Unauthenticated, "video.token", "token is missing or not of this centre")
	body, mac, ok := strings.Cut(token, ".")
	if !ok || len(token) > maxToken {
		return claim{}, bad
	}
	sum, err := encoding.DecodeString(mac)
	if err != nil || !hmac.Equal(sum, s.mac(body)) {
		return claim{}, bad
	}
	text, err := encoding.DecodeString(body)
	if err != nil {
		return claim{}, bad
	}
	var c claim
	if json.Unmarshal(text, &c) != nil {
		return claim{}, bad
	}
	return c, nil
}

// verify reads a token and checks that it allows an action on a stream now: Unauthenticated when it is
// forged or expired, Denied when it is for something else.
func (s signer) verify(token, stream string, action Action, now time.Time) (claim, error) {
	c, err := s.open(token)
	if err != nil {
		return claim{}, err
	}
	if now.Unix() >= c.Expires {
		return claim{}, errs.E(errs.Unauthenticated, "video.token_expired", "token has expired")
	}
	if c.Stream != stream || c.Action != action {
		return claim{}, errs.E(errs.Denied, "video.token_scope", "token is not for this stream and action")
	}
	return c, nil
}

const keySize = 32

// LoadKey reads the key that signs tokens and makes it when the file is missing. Kept over a restart, it
// lets a terminal come back with the token it holds.
func LoadKey(file string) ([]byte, error) {
	key, err := os.ReadFile(file)
	if err == nil && len(key) >= keySize {
		return key, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read video key: %w", err)
	}
	key = make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("make video key: %w", err)
	}
	if err := os.WriteFile(file, key, 0o600); err != nil {
		return nil, fmt.Errorf("make video key: %w", err)
	}
	return key, nil
}
