package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// BrowserLife is how long a browser is known after a sign-in.
const BrowserLife = 180 * 24 * time.Hour

// Origin is where a sign-in comes from. All of it may be empty.
type Origin struct {
	Session string // the token of the session that the browser showed
	Browser string // what Identity.Browser gave it after an earlier sign-in
	Address string // of the client, without port
}

// source names what failures are counted by, and reports whether it is a browser in which this user has
// signed in before: such a one has a count of its own, whatever others do from its address.
func (o Origin) source(u User, at time.Time) (string, bool) {
	if nonce, ok := u.knows(o.Browser, at); ok {
		return "browser " + nonce, true
	}
	return Network(o.Address), false
}

// Network is what to count an address by: who has one address of IPv6 has the whole network behind it.
func Network(address string) string {
	if ip, err := netip.ParseAddr(address); err == nil && ip.Unmap().Is6() {
		if p, err := ip.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return address
}

// Browser is what a browser keeps to be known at the next sign-in; it proves nothing else. It ends with
// the password.
func (i Identity) Browser(at time.Time) string {
	body := newSecret() + "." + strconv.FormatInt(at.Add(BrowserLife).Unix(), 10)
	return body + "." + i.User.mark(body)
}

// knows reads what Browser made.
func (u User) knows(text string, at time.Time) (nonce string, ok bool) {
	cut := strings.LastIndexByte(text, '.')
	if u.Hash == "" || cut < 0 || len(text) > 256 || !hmac.Equal([]byte(text[cut+1:]), []byte(u.mark(text[:cut]))) {
		return "", false
	}
	nonce, until, _ := strings.Cut(text[:cut], ".")
	end, err := strconv.ParseInt(until, 10, 64)
	return nonce, err == nil && at.Unix() < end
}

// mark signs with the hash of the password: it is secret, and changes with it.
func (u User) mark(body string) string {
	h := hmac.New(sha256.New, []byte(u.Hash))
	h.Write([]byte("browser " + u.ID + " " + body))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// slow waits when many have guessed at a name lately.
func (s *Service) slow(ctx context.Context, username string) error {
	n, err := s.Attempts.Failures(ctx, username, stamp().Add(-forgetFailure))
	if err != nil || slowed(n) == 0 {
		return err
	}
	t := time.NewTimer(slowed(n))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
