package wall

// The events. Data is the Wall.
const (
	EventCreated  = "wall.created"
	EventChanged  = "wall.changed"
	EventRemoved  = "wall.removed"
	EventRestored = "wall.restored"
)
