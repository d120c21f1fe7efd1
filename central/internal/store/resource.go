package store

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/resource"
)

// Resources implements resource.Store.
type Resources struct{ db *DB }

// NewResources keeps teams, stock and dispatches in db.
func NewResources(db *DB) *Resources { return &Resources{db: db} }

// Lock implements resource.Store.
func (s *Resources) Lock(ctx context.Context) error { return s.db.lockAfter(ctx, "resource") }

// Team implements resource.Teams.
func (s *Resources) Team(ctx context.Context, id string) (resource.Team, error) {
	t, err := scanBody[resource.Team](s.db.queryRow(ctx, `select body from resource_teams where id = $1`, id))
	return missed(t, "resource.not_found", "team", err)
}

// TeamNamed implements resource.Teams.
func (s *Resources) TeamNamed(ctx context.Context, org, name string) (resource.Team, error) {
	t, err := scanBody[resource.Team](s.db.queryRow(ctx, `select body from resource_teams where org_id = $1 and name = $2`, org, name))
	return missed(t, "resource.not_found", "team", err)
}

// ListTeams implements resource.Teams.
func (s *Resources) ListTeams(ctx context.Context, scope actor.Scope, f resource.TeamFilter, r page.Request) (page.List[resource.Team], error) {
	list, err := dutyRows(ctx, s.db, "teams", scanBody[resource.Team], `select body from resource_teams
		where division like $1 and ($2 = '' or status = $2) and ($3 = '' or org_id = $3) and ($4 = '' or id in (select team_id from resource_team_words where word = $4))
			and ($5 = '' or words like $6 escape '\') and ($7 = '' or id < $7)
		order by id desc limit $8`,
		string(scope), string(f.Status), f.OrgID, f.Word, r.Search, like(r.Search), r.After, r.Size()+1)
	return cut(list, r.Size(), func(t resource.Team) string { return t.ID }), err
}

// SaveTeam implements resource.Teams.
func (s *Resources) SaveTeam(ctx context.Context, t resource.Team) error {
	words := strings.ToLower(strings.Join(append([]string{t.Name, t.OrgName, t.Place, t.Leader, t.Equipment}, t.Words...), " "))
	if err := s.db.saveBody(ctx, "team", t, `insert into resource_teams (id, org_id, name, division, status, words, body) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (id) do update set org_id = excluded.org_id, name = excluded.name, division = excluded.division, status = excluded.status, words = excluded.words, body = excluded.body`,
		t.ID, t.OrgID, t.Name, t.Division, string(t.Status), words); err != nil {
		return err
	}
	if _, err := s.db.exec(ctx, `delete from resource_team_words where team_id = $1`, t.ID); err != nil {
		return fmt.Errorf("empty capabilities: %w", wrap(err))
	}
	for _, w := range t.Words {
		if _, err := s.db.exec(ctx, `insert into resource_team_words (word, team_id) values ($1, $2) on conflict do nothing`, resource.Key(w), t.ID); err != nil {
			return fmt.Errorf("save capability: %w", wrap(err))
		}
		if err := s.word(ctx, resource.OfTeam, w); err != nil {
			return err
		}
	}
	return nil
}

// word keeps what was written of a kind, so that it is found by what is like it.
func (s *Resources) word(ctx context.Context, kind, text string) error {
	if _, err := s.db.exec(ctx, `insert into resource_words (kind, word, text) values ($1, $2, $3) on conflict do nothing`, kind, resource.Key(text), text); err != nil {
		return fmt.Errorf("save word: %w", wrap(err))
	}
	return nil
}

// AddStatus implements resource.Teams.
func (s *Resources) AddStatus(ctx context.Context, t resource.Team, by string) error {
	if _, err := s.db.exec(ctx, `insert into resource_team_steps (team_id, no, at, status, why, by_name, dispatch_id)
		values ($1, (select count(*) + 1 from resource_team_steps where team_id = $1), $2, $3, $4, $5, $6)`, t.ID, t.StatusAt, string(t.Status), t.StatusNote, by, t.DispatchID); err != nil {
		return fmt.Errorf("add status of team: %w", wrap(err))
	}
	return nil
}

// Words implements resource.Teams.
func (s *Resources) Words(ctx context.Context, kind string) (map[string]string, error) {
	scan := func(row scanner) (w [2]string, err error) { return w, row.Scan(&w[0], &w[1]) }
	list, err := dutyRows(ctx, s.db, "words", scan, `select word, text from resource_words where kind = $1`, kind)
	out := map[string]string{}
	for _, w := range list {
		out[w[0]] = w[1]
	}
	return out, err
}

// Able implements resource.Teams.
func (s *Resources) Able(ctx context.Context, scope actor.Scope, key string) ([]resource.Team, error) {
	return dutyRows(ctx, s.db, "teams", scanBody[resource.Team], `select t.body from resource_team_words w join resource_teams t on t.id = w.team_id
		where w.word = $1 and t.division like $2`, key, string(scope))
}

// Warehouse implements resource.Stocks.
func (s *Resources) Warehouse(ctx context.Context, id string) (resource.Warehouse, error) {
	w, err := scanBody[resource.Warehouse](s.db.queryRow(ctx, `select body from resource_warehouses where id = $1`, id))
	return missed(w, "resource.not_found", "warehouse", err)
}

// WarehouseNamed implements resource.Stocks.
func (s *Resources) WarehouseNamed(ctx context.Context, org, name string) (resource.Warehouse, error) {
	w, err := scanBody[resource.Warehouse](s.db.queryRow(ctx, `select body from resource_warehouses where org_id = $1 and name = $2`, org, name))
	return missed(w, "resource.not_found", "warehouse", err)
}

// Warehouses implements resource.Stocks.
func (s *Resources) Warehouses(ctx context.Context, scope actor.Scope) ([]resource.Warehouse, error) {
	return dutyRows(ctx, s.db, "warehouses", scanBody[resource.Warehouse], `select body from resource_warehouses where division like $1 order by name, id`, string(scope))
}

// SaveWarehouse implements resource.Stocks.
func (s *Resources) SaveWarehouse(ctx context.Context, w resource.Warehouse) error {
	return s.db.saveBody(ctx, "warehouse", w, `insert into resource_warehouses (id, org_id, name, division, body) values ($1, $2, $3, $4, $5)
		on conflict (id) do update set org_id = excluded.org_id, name = excluded.name, division = excluded.division, body = excluded.body`, w.ID, w.OrgID, w.Name, w.Division)
}

// milli is an amount as it is kept.
func milli(n float64) int64 { return int64(math.Round(n * 1000)) }

// stockOf reads stock; the warehouses of many rows are few, so each is read once.
func stockOf() func(row scanner) (resource.Stock, error) {
	seen := map[string]resource.Warehouse{}
	return func(row scanner) (v resource.Stock, err error) {
		var amount, reserved int64
		var house string
		if err = row.Scan(&v.ID, &v.Item, &v.Unit, &amount, &reserved, &v.Moves, &house); err != nil {
			return v, err
		}
		v.Amount, v.Reserved = float64(amount)/1000, float64(reserved)/1000
		w, ok := seen[house]
		if !ok {
			if w, err = scanBody[resource.Warehouse](textRow(house)); err != nil {
				return v, err
			}
			seen[house] = w
		}
		v.Warehouse = w
		return v, nil
	}
}

// textRow is a text that was read already, as a row.
type textRow string

// Scan implements scanner.
func (t textRow) Scan(into ...any) error {
	*into[0].(*string) = string(t) //nolint:forcetypeassert // scanBody alone asks
	return nil
}

const stockColumns = `select s.id, s.item, s.unit, s.amount, s.reserved, s.moves, w.body from resource_stock s join resource_warehouses w on w.id = s.warehouse_id `

// Stock implements resource.Stocks.
func (s *Resources) Stock(ctx context.Context, id string) (resource.Stock, error) {
	v, err := stockOf()(s.db.queryRow(ctx, stockColumns+`where s.id = $1`, id))
	return missed(v, "resource.not_found", "stock", err)
}

// StockOf implements resource.Stocks.
func (s *Resources) StockOf(ctx context.Context, warehouse, item, unit string) (resource.Stock, error) {
	v, err := stockOf()(s.db.queryRow(ctx, stockColumns+`where s.warehouse_id = $1 and s.item = $2 and s.unit = $3`, warehouse, item, unit))
	return missed(v, "resource.not_found", "stock", err)
}

// ListStock implements resource.Stocks.
func (s *Resources) ListStock(ctx context.Context, scope actor.Scope, f resource.StockFilter, r page.Request) (page.List[resource.Stock], error) {
	empty := 0
	if f.Empty {
		empty = 1
	}
	list, err := dutyRows(ctx, s.db, "stock", stockOf(), stockColumns+`
		where w.division like $1 and ($2 = '' or w.id = $2) and ($3 = 0 or s.amount = s.reserved) and ($4 = '' or lower(s.item) like $5 escape '\' or lower(w.name) like $5 escape '\')
			and ($6 = '' or s.id < $6)
		order by s.id desc limit $7`, string(scope), f.WarehouseID, empty, r.Search, like(r.Search), r.After, r.Size()+1)
	return cut(list, r.Size(), func(v resource.Stock) string { return v.ID }), err
}

// SaveStock implements resource.Stocks.
func (s *Resources) SaveStock(ctx context.Context, v resource.Stock) error {
	if _, err := s.db.exec(ctx, `insert into resource_stock (id, warehouse_id, word, item, unit, amount, reserved, moves) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (id) do update set amount = excluded.amount, reserved = excluded.reserved, moves = excluded.moves`,
		v.ID, v.Warehouse.ID, resource.Key(v.Item), v.Item, v.Unit, milli(v.Amount), milli(v.Reserved), v.Moves); err != nil {
		return fmt.Errorf("save stock: %w", wrap(err))
	}
	if v.Moves > 1 {
		return nil
	}
	return s.word(ctx, "stock", v.Item)
}

// AddMove implements resource.Stocks.
func (s *Resources) AddMove(ctx context.Context, m resource.Move) error {
	return s.db.saveBody(ctx, "move of stock", m, `insert into resource_moves (stock_id, no, body) values ($1, $2, $3)`, m.StockID, m.No)
}

// Moves implements resource.Stocks.
func (s *Resources) Moves(ctx context.Context, stock string) ([]resource.Move, error) {
	return dutyRows(ctx, s.db, "moves of stock", scanBody[resource.Move], `select body from resource_moves where stock_id = $1 order by no`, stock)
}

// Held implements resource.Stocks.
func (s *Resources) Held(ctx context.Context, scope actor.Scope, key string) ([]resource.Stock, error) {
	return dutyRows(ctx, s.db, "stock", stockOf(), stockColumns+`
		where s.word = $1 and s.amount > s.reserved and w.division like $2`, key, string(scope))
}

// Request implements resource.Dispatches.
func (s *Resources) Request(ctx context.Context, id string) (resource.Request, error) {
	r, err := scanBody[resource.Request](s.db.queryRow(ctx, `select body from resource_requests where id = $1`, id))
	return missed(r, "resource.not_found", "request", err)
}

// AddRequest implements resource.Dispatches.
func (s *Resources) AddRequest(ctx context.Context, r resource.Request) error {
	return s.db.saveBody(ctx, "request", r, `insert into resource_requests (id, incident_id, task_id, no, body) values ($1, $2, $3, $4, $5)
		on conflict do nothing`, r.ID, r.IncidentID, r.TaskID, r.No)
}

// SaveRequest implements resource.Dispatches.
func (s *Resources) SaveRequest(ctx context.Context, r resource.Request) error {
	r.Got = 0 // counted anew each time
	return s.db.saveBody(ctx, "request", r, `update resource_requests set body = $2 where id = $1`, r.ID)
}

// Requests implements resource.Dispatches.
func (s *Resources) Requests(ctx context.Context, incident string) ([]resource.Request, error) {
	return dutyRows(ctx, s.db, "requests", scanBody[resource.Request], `select body from resource_requests where incident_id = $1 order by id`, incident)
}

// Dispatch implements resource.Dispatches.
func (s *Resources) Dispatch(ctx context.Context, id string) (resource.Dispatch, error) {
	d, err := scanBody[resource.Dispatch](s.db.queryRow(ctx, `select body from resource_dispatches where id = $1`, id))
	return missed(d, "resource.not_found", "dispatch", err)
}

// SaveDispatch implements resource.Dispatches.
func (s *Resources) SaveDispatch(ctx context.Context, d resource.Dispatch) error {
	return s.db.saveBody(ctx, "dispatch", d, `insert into resource_dispatches (id, request_id, incident_id, subject_id, state, body) values ($1, $2, $3, $4, $5, $6)
		on conflict (id) do update set state = excluded.state, body = excluded.body`, d.ID, d.RequestID, d.IncidentID, d.SubjectID, string(d.State))
}

// Dispatched implements resource.Dispatches.
func (s *Resources) Dispatched(ctx context.Context, incident string) ([]resource.Dispatch, error) {
	return dutyRows(ctx, s.db, "dispatches", scanBody[resource.Dispatch], `select body from resource_dispatches where incident_id = $1 order by id`, incident)
}

// AddStep implements resource.Dispatches.
func (s *Resources) AddStep(ctx context.Context, st resource.Step) error {
	return s.db.saveBody(ctx, "step of dispatch", st, `insert into resource_steps (dispatch_id, no, body) values ($1, $2, $3)`, st.DispatchID, st.No)
}

// Steps implements resource.Dispatches.
func (s *Resources) Steps(ctx context.Context, dispatch string) ([]resource.Step, error) {
	return dutyRows(ctx, s.db, "steps of dispatch", scanBody[resource.Step], `select body from resource_steps where dispatch_id = $1 order by no`, dispatch)
}

// AddLink implements resource.Dispatches.
func (s *Resources) AddLink(ctx context.Context, hash, dispatch string, until time.Time) error {
	if _, err := s.db.exec(ctx, `insert into resource_links (hash, dispatch_id, until) values ($1, $2, $3)`, hash, dispatch, until); err != nil {
		return fmt.Errorf("add link: %w", wrap(err))
	}
	return nil
}

// Link implements resource.Dispatches.
func (s *Resources) Link(ctx context.Context, hash string) (dispatch string, until time.Time, err error) {
	err = s.db.queryRow(ctx, `select dispatch_id, until from resource_links where hash = $1`, hash).Scan(&dispatch, &until)
	dispatch, err = missed(dispatch, "resource.no_link", "address", err)
	return dispatch, until.UTC(), err
}
