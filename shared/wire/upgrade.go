package wire

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
)

// CommandUpgrade asks an edge to run another version of its program. Its Body is Upgrade, its result says
// only that the edge has taken it up; what becomes of it stands in UpgradeState.
const CommandUpgrade = "agent/upgrade"

// Limits of a release.
const (
	MaxRelease     = 64 << 20 // bytes of a program
	MaxUpgradePart = 256 << 10
)

// Release is a program of an edge. Signature is Ed25519 over Text, in base64.
type Release struct {
	Version   string `json:"version"`
	Arch      string `json:"arch"`   // GOARCH: amd64, arm64, arm
	Size      int64  `json:"size"`   // bytes
	SHA256    string `json:"sha256"` // hexadecimal
	Signature string `json:"signature,omitempty"`
}

// Text is what is signed.
func (r Release) Text() []byte {
	return fmt.Appendf(nil, "fengsui-edge release 1\nversion %s\narch %s\nsize %d\nsha256 %s\n", r.Version, r.Arch, r.Size, r.SHA256)
}

// Sign is the signature of a release.
func (r Release) Sign(key ed25519.PrivateKey) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(key, r.Text()))
}

// SignedBy reports whether a release carries the signature of a key.
func (r Release) SignedBy(key ed25519.PublicKey) bool {
	raw, err := base64.StdEncoding.DecodeString(r.Signature)
	return err == nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, r.Text(), raw)
}

// ReleaseKey reads a public key: 32 bytes in base64.
func ReleaseKey(text string) (ed25519.PublicKey, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%.60q is no public key of releases: 44 characters as fengsui-central release key prints them", text)
	}
	return raw, nil
}

// Upgrade is a version that the centre wants an edge to run, or with Back the way back to the program that
// ran before. An edge that has an outcome for ID already does nothing.
type Upgrade struct {
	ID      string  `json:"id"` // UUIDv7
	Back    bool    `json:"back,omitempty"`
	Release Release `json:"release"`
	Packed  int64   `json:"packed,omitempty"` // bytes of the file behind URL, which is the program in zstd
	URL     string  `json:"url,omitempty"`    // a path on the host of the centre's URL; it answers ranges
	Token   string  `json:"token,omitempty"`  // bearer token for that URL
}

// UpgradePhase is how far an edge is with an upgrade.
type UpgradePhase string

// The phases. Without one, nothing is under way.
const (
	UpgradeFetching UpgradePhase = "fetching"
	UpgradePaused   UpgradePhase = "paused"   // data is spared; it goes on with what it has
	UpgradeWaiting  UpgradePhase = "waiting"  // the link or the centre is away, or a configuration is on trial
	UpgradeChecking UpgradePhase = "checking" // signature, hash, and whether the program runs here
	UpgradeTrial    UpgradePhase = "trial"    // it runs, and goes back unless the centre and the devices answer
)

// UpgradeState is which programs an edge has, in Status.
type UpgradeState struct {
	Arch    string           `json:"arch"`
	Slot    string           `json:"slot"`    // that runs: package, a or b
	Package string           `json:"package"` // version of the installed package
	A       string           `json:"a,omitempty"`
	B       string           `json:"b,omitempty"`
	Floor   string           `json:"floor,omitempty"` // oldest version that it takes
	Signed  bool             `json:"signed"`          // only releases with the signature of its key are taken
	Back    string           `json:"back,omitempty"`  // version to which it could go back
	ID      string           `json:"id,omitempty"`    // of the Upgrade under way
	Version string           `json:"version,omitempty"`
	Phase   UpgradePhase     `json:"phase,omitempty"`
	Got     int64            `json:"got,omitempty"`  // bytes of Size
	Size    int64            `json:"size,omitempty"` // of the file that is fetched
	Rate    int64            `json:"rate,omitempty"` // bytes a second, lately
	Error   string           `json:"error,omitempty"`
	Last    *UpgradeOutcome  `json:"last,omitempty"`
	History []UpgradeOutcome `json:"history,omitempty"` // newest first
}

// UpgradeOutcome is what became of an Upgrade.
type UpgradeOutcome struct {
	ID      string `json:"id"`
	From    string `json:"from"` // version that ran before
	Version string `json:"version"`
	OK      bool   `json:"ok,omitempty"`
	Error   string `json:"error,omitempty"` // why it was refused or went back
	Spent   int64  `json:"spent,omitempty"` // bytes that were fetched for it
	At      int64  `json:"at"`              // Unix milliseconds
}
