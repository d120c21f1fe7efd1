package consult

import "context"

// Filter narrows the list of rooms.
type Filter struct {
	Incident string
	State    RoomState
	Recorded bool // something was recorded in them
	Waiting  bool // they are open, and the actor or the own desk was asked in and has neither come nor declined
	// Query is part of a title, of what an incident is called, of the name of a chair or desk.
	Query string
}

// Store keeps rooms.
type Store interface {
	// Lock makes changes of rooms follow one another until the end of the transaction.
	Lock(ctx context.Context) error
	// Room is errs.NotFound when there is none in the world of the context.
	Room(ctx context.Context, id string) (Room, error)
	// Rooms has the newest first, at most 500.
	Rooms(ctx context.Context, f Filter) ([]Room, error)
	// OpenRooms lists the open rooms of all worlds.
	OpenRooms(ctx context.Context) ([]Room, error)
	// Save is errs.Conflict when the kept one is not of version was; 0 adds it.
	Save(ctx context.Context, r Room, was int) error
	// Invitations of a room, the oldest first, also those that hold no longer.
	Invitations(ctx context.Context, room string) ([]Invitation, error)
	// Invited has the invitations of a user and an organisation that were not revoked, to rooms of a state or, without
	// one, to all.
	Invited(ctx context.Context, user, org string, state RoomState) ([]Invitation, error)
	// Link finds the invitation of a link by the hash of its token.
	Link(ctx context.Context, hash string) (Invitation, error)
	// SaveInvitation adds one or writes it anew.
	SaveInvitation(ctx context.Context, i Invitation) error
	// AddLine keeps a line under the next number of its room.
	AddLine(ctx context.Context, l Line) error
	Lines(ctx context.Context, room string) ([]Line, error)
}

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}
