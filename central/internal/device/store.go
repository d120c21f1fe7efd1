package device

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Store keeps devices, the secrets that let them in and their certificates.
type Store interface {
	// Devices lists every device changed since the time, removed ones too; the zero time means all.
	Devices(ctx context.Context, since time.Time) ([]Record, error)
	// Device finds one, removed or not: errs.NotFound.
	Device(ctx context.Context, id string) (Record, error)
	// Add stores a new device: errs.Conflict when the id exists.
	Add(ctx context.Context, r Record) error
	// Save writes everything but LastSeen and Agent: errs.NotFound.
	Save(ctx context.Context, r Record) error
	// Touch writes LastSeen and Agent of many devices and changes nothing else.
	Touch(ctx context.Context, devices []Device) error
	// AddContacts stores lines of who was lost and came back.
	AddContacts(ctx context.Context, list []Contact) error
	// OpenContacts lists the devices whose last line says that they are lost or failed.
	OpenContacts(ctx context.Context) ([]Contact, error)
	// Contacts is one page of the lines, newest first.
	Contacts(ctx context.Context, scope actor.Scope, r page.Request) (page.List[Contact], error)
	Tokens
	// AddCertificate stores an issued certificate and makes it the device's own.
	AddCertificate(ctx context.Context, device string, c Certificate, at time.Time) error
	// Certificate finds an issued certificate: errs.NotFound.
	Certificate(ctx context.Context, serial string) (Issued, error)
	// UseCertificate marks the first use of a certificate and revokes the device's other ones.
	UseCertificate(ctx context.Context, device, serial string, at time.Time) error
	// Renewal is the certificate that a request got: errs.NotFound when it was not answered yet.
	Renewal(ctx context.Context, request string) (certificate string, err error)
	// AddRenewal keeps the answer to a request that the certificate with the serial signed, and forgets those
	// from before a time.
	AddRenewal(ctx context.Context, request, serial, certificate string, at, forget time.Time) error
	// RevokedCertificates lists the revoked certificates that would be valid after a time, by serial number.
	RevokedCertificates(ctx context.Context, after time.Time) ([]Withdrawn, error)
	// RevokeCertificates revokes all certificates of a device and ends its enrolment tokens.
	RevokeCertificates(ctx context.Context, device string, at time.Time) error
}

// Tokens keeps the one-time tokens of edges, by their hash.
type Tokens interface {
	// AddEnrolment stores a one-time token and ends the device's earlier ones.
	AddEnrolment(ctx context.Context, device, hash string, created, expires time.Time) error
	// UseEnrolment spends a token and names its device: errs.NotFound when it is unknown, used, ended or too old.
	UseEnrolment(ctx context.Context, hash string, at time.Time) (device string, err error)
	// EndEnrolments ends the tokens of a device that are still good, and says how many.
	EndEnrolments(ctx context.Context, device string, at time.Time) (int, error)
	// Pass finds a token by its hash, and Pass of nothing the newest of a device: errs.NotFound.
	Pass(ctx context.Context, device, hash string) (Pass, error)
}

// Tx runs a function in one transaction of the store.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Record is a device as it is stored.
type Record struct {
	Device
	Edited    bool   // a person has changed name, division or place: a greeting leaves them alone
	TokenHash string // of a simple sensor
	RevokedAt *time.Time
	RemovedAt *time.Time
}

// Issued is a certificate as it is stored.
type Issued struct {
	Certificate
	Device string
	UsedAt *time.Time
}

// Valid reports whether the certificate lets its holder in at a time.
func (i Issued) Valid(at time.Time) bool {
	return i.RevokedAt == nil && at.Before(i.NotAfter) && !at.Before(i.NotBefore)
}
