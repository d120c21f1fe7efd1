package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// TokenPrefix begins every API token, so that one found in a file is recognised.
const TokenPrefix = "fst_"

// newSecret makes 32 random bytes as text.
func newSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b)
}

// Digest is what is kept of a random secret, as lower-case hex of its SHA-256. A plain hash is enough: 128 random bits
// or more cannot be guessed. It is not for passwords.
func Digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// oneTime makes a password that can be read out on the telephone: no 0/o, 1/l/i.
func oneTime() (string, error) {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789"
	var b strings.Builder
	for i := range 16 {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			return "", fmt.Errorf("make one-time password: %w", err)
		}
		b.WriteByte(letters[n.Int64()])
	}
	return b.String(), nil
}

// maxPassword bounds the work of hashing.
const maxPassword = 128

// checkPassword holds the rule for passwords that people choose (GB/T 22239 asks for length and mixture).
func checkPassword(password, username string) error {
	kinds := map[string]bool{}
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			kinds["lower"] = true
		case unicode.IsUpper(r):
			kinds["upper"] = true
		case unicode.IsDigit(r):
			kinds["digit"] = true
		default:
			kinds["other"] = true
		}
	}
	n := utf8.RuneCountInString(password)
	switch {
	case n < 10 || n > maxPassword:
		return errs.Field("account.password_length", "new", "10 to 128 characters")
	case len(kinds) < 3:
		return errs.Field("account.password_kinds", "new", "at least three of: small letters, capital letters, digits, other characters")
	case username != "" && strings.Contains(strings.ToLower(password), username):
		return errs.Field("account.password_name", "new", "must not contain the username")
	}
	return nil
}

// hasher computes argon2id with at most two hashes at a time: each takes 19 MiB and about 40 ms of a
// core, and a flood of logins must not take the machine from the alarms.
type hasher struct {
	slots  chan struct{}
	params argon2id.Params
	dummy  string // the hash that nobody's password has
}

func newHasher() (*hasher, error) {
	h := &hasher{
		slots: make(chan struct{}, 2),
		// OWASP password storage: m=19 MiB, t=2, p=1.
		params: argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32},
	}
	dummy, err := argon2id.CreateHash(newSecret(), &h.params)
	if err != nil {
		return nil, fmt.Errorf("hash password: %w", err)
	}
	h.dummy = dummy
	return h, nil
}

func (h *hasher) take(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errs.Wrap(ctx.Err(), errs.Unavailable, "account.busy", "too many people sign in at this moment; try again")
	}
}

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.take(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.slots }()
	text, err := argon2id.CreateHash(password, &h.params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return text, nil
}

// matches compares; an empty hash takes the same time and never matches.
func (h *hasher) matches(ctx context.Context, password, hash string) (bool, error) {
	if err := h.take(ctx); err != nil {
		return false, err
	}
	defer func() { <-h.slots }()
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	same, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return same && known, nil
}
