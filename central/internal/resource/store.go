package resource

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Store is what this package needs to be kept. Methods that look for one thing return errs.NotFound.
type Store interface {
	// Lock makes changes of teams, stock and dispatches follow one another until the end of the transaction.
	Lock(ctx context.Context) error
	Teams
	Stocks
	Dispatches
}

// Teams is the register of teams.
type Teams interface {
	Team(ctx context.Context, id string) (Team, error)
	TeamNamed(ctx context.Context, org, name string) (Team, error)
	ListTeams(ctx context.Context, scope actor.Scope, f TeamFilter, r page.Request) (page.List[Team], error)
	SaveTeam(ctx context.Context, t Team) error
	// AddStatus keeps what a team was, with the reason; lines are only added.
	AddStatus(ctx context.Context, t Team, by string) error
	// Words lists what is known of a kind (team: capabilities, stock: items): how it is compared, and as it was written.
	Words(ctx context.Context, kind string) (map[string]string, error)
	// Able lists teams with a capability, by how it is compared.
	Able(ctx context.Context, scope actor.Scope, key string) ([]Team, error)
}

// Stocks is the register of warehouses and stock.
type Stocks interface {
	Warehouse(ctx context.Context, id string) (Warehouse, error)
	WarehouseNamed(ctx context.Context, org, name string) (Warehouse, error)
	Warehouses(ctx context.Context, scope actor.Scope) ([]Warehouse, error)
	SaveWarehouse(ctx context.Context, w Warehouse) error
	Stock(ctx context.Context, id string) (Stock, error)
	StockOf(ctx context.Context, warehouse, item, unit string) (Stock, error)
	ListStock(ctx context.Context, scope actor.Scope, f StockFilter, r page.Request) (page.List[Stock], error)
	SaveStock(ctx context.Context, s Stock) error
	AddMove(ctx context.Context, m Move) error
	Moves(ctx context.Context, stock string) ([]Move, error)
	// Held lists stock of an item of which some is free, by how its name is compared.
	Held(ctx context.Context, scope actor.Scope, key string) ([]Stock, error)
}

// Dispatches are what was asked and what was sent.
type Dispatches interface {
	Request(ctx context.Context, id string) (Request, error)
	// AddRequest changes nothing when the demand of the task stands there already.
	AddRequest(ctx context.Context, r Request) error
	SaveRequest(ctx context.Context, r Request) error
	Requests(ctx context.Context, incident string) ([]Request, error)
	Dispatch(ctx context.Context, id string) (Dispatch, error)
	SaveDispatch(ctx context.Context, d Dispatch) error
	Dispatched(ctx context.Context, incident string) ([]Dispatch, error)
	AddStep(ctx context.Context, s Step) error
	Steps(ctx context.Context, dispatch string) ([]Step, error)
	AddLink(ctx context.Context, hash, dispatch string, until time.Time) error
	Link(ctx context.Context, hash string) (dispatch string, until time.Time, err error)
}

// TeamFilter narrows the list of teams.
type TeamFilter struct {
	Status Status
	Word   string // a capability, by how it is compared
	OrgID  string
}

// StockFilter narrows the list of stock.
type StockFilter struct {
	WarehouseID string
	Empty       bool // only what is used up
}
