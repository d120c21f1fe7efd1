package response

import (
	"context"
	"time"
)

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Store is what this package needs to be kept. Methods that look for one thing return errs.NotFound.
type Store interface {
	// Lock makes changes of what belongs to an incident follow one another until the end of the transaction.
	Lock(ctx context.Context, incident string) error
	Responses
	Tasks
	Commands
	Motions
	Reports
}

// Responses are plans that are carried out, and who holds their seats.
type Responses interface {
	Response(ctx context.Context, id string) (Response, error)
	// Responses lists those of an incident, oldest first.
	Responses(ctx context.Context, incident string) ([]Response, error)
	SaveResponse(ctx context.Context, r Response) error
	// KeepText keeps the text of a plan under its hash, once.
	KeepText(ctx context.Context, hash string, text []byte) error
	Text(ctx context.Context, hash string) ([]byte, error)
	// AddChange gives it the next number.
	AddChange(ctx context.Context, c Change) (Change, error)
	Changes(ctx context.Context, response string) ([]Change, error)
	SaveSeat(ctx context.Context, s Seat) error
	// Seats lists those of a response in the order of the plan.
	Seats(ctx context.Context, response string) ([]Seat, error)
	SaveGroup(ctx context.Context, g Group) error
	// Groups lists those of a response in the order of the plan, then those that were set up in the room.
	Groups(ctx context.Context, response string) ([]Group, error)
}

// Tasks are tasks with what was written of them.
type Tasks interface {
	Task(ctx context.Context, id string) (Task, error)
	SaveTask(ctx context.Context, t Task) error
	// TasksOf lists those of an incident by the time they are due.
	TasksOf(ctx context.Context, incident string) ([]Task, error)
	// Handed lists those of another incident that came over when this one was split off it; the response that gave them
	// goes on with them.
	Handed(ctx context.Context, incident string) ([]Task, error)
	// Held lists tasks that are not over and those that ended since a time, of an organisation, of somebody's seats or of
	// the groups in which they are.
	Held(ctx context.Context, org, person string, since time.Time) ([]Task, error)
	AddLine(ctx context.Context, l Line) error
	Lines(ctx context.Context, task string) ([]Line, error)
	// LinesOf lists those of all tasks of an incident.
	LinesOf(ctx context.Context, incident string) ([]Line, error)
	AddPhoto(ctx context.Context, p Photo) error
	Photo(ctx context.Context, id string) (Photo, error)
	CountPhotos(ctx context.Context, task string) (int, error)
	// DropPhotos removes up to so many pictures of a task that no line has, the oldest first, and counts the rest.
	DropPhotos(ctx context.Context, task string, most int) (int, error)
	AddLink(ctx context.Context, l Link) error
	LinkByHash(ctx context.Context, hash string) (Link, error)
}

// Motions are proposals to start a plan.
type Motions interface {
	Motion(ctx context.Context, id string) (Motion, error)
	// Motions lists those of an incident, oldest first.
	Motions(ctx context.Context, incident string) ([]Motion, error)
	SaveMotion(ctx context.Context, m Motion) error
}

// Commands say who commands an incident.
type Commands interface {
	Command(ctx context.Context, incident string) (Command, error)
	SaveCommand(ctx context.Context, c Command) error
}

// Reports are those that responses owe.
type Reports interface {
	// Owed lists those of an incident in the order in which they began.
	Owed(ctx context.Context, incident string) ([]Owed, error)
	SaveOwed(ctx context.Context, o Owed) error
}
