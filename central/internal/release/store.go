package release

import "context"

// Store keeps releases and upgrades.
type Store interface {
	// Releases lists them.
	Releases(ctx context.Context) ([]Release, error)
	// Release finds one: errs.NotFound.
	Release(ctx context.Context, id string) (Release, error)
	// AddRelease stores a new one: errs.Conflict when it exists.
	AddRelease(ctx context.Context, r Release) error
	// Packed notes that the upload of one is whole.
	Packed(ctx context.Context, id string, size int64) error
	// RemoveRelease deletes one.
	RemoveRelease(ctx context.Context, id string) error
	// Upgrades lists those of a terminal, newest first.
	Upgrades(ctx context.Context, edge string) ([]Upgrade, error)
	// Upgrade finds one: errs.NotFound.
	Upgrade(ctx context.Context, id string) (Upgrade, error)
	// AddUpgrade stores a new one.
	AddUpgrade(ctx context.Context, u Upgrade) error
	// SettleUpgrade writes state, error, version, bytes and the time of it.
	SettleUpgrade(ctx context.Context, u Upgrade) error
	// PruneUpgrades deletes what is not wanted and older than the newest ones to keep.
	PruneUpgrades(ctx context.Context, edge string, keep int) error
	// Open lists the upgrades that are wanted.
	Open(ctx context.Context) ([]Upgrade, error)
}

// Tx runs a function in one transaction of the store.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}
