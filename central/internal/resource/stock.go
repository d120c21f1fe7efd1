package resource

import (
	"context"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
)

func sorted(known map[string]string) []string {
	out := []string{}
	for _, w := range known {
		out = append(out, w)
	}
	slices.Sort(out)
	return out
}

// Warehouses lists those that the actor may see.
func (s *Service) Warehouses(ctx context.Context) ([]Warehouse, error) {
	a, err := actor.Require(ctx, actor.ResourceRead)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Warehouses(ctx, a.Scope())
	for i := range list {
		list[i].Phone = masked(a, list[i].Phone)
	}
	return list, err
}

// SaveWarehouse adds a warehouse, or changes it when it has an id. Edit is the one that was seen.
func (s *Service) SaveWarehouse(ctx context.Context, w Warehouse) (Warehouse, error) {
	a, own, err := s.Desks.Own(ctx, actor.ResourceWrite)
	if err != nil {
		return Warehouse{}, err
	}
	var out Warehouse
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		was := Warehouse{}
		if w.ID != "" {
			if was, err = s.Store.Warehouse(ctx, w.ID); err != nil {
				return err
			}
			if !a.Covers(was.Division) {
				return denied("warehouse")
			}
			if was.Edit != w.Edit {
				return changed()
			}
		}
		out, err = s.keepWarehouse(ctx, a, own, was, w, note)
		return err
	})
	out.Phone = masked(a, out.Phone)
	return out, err
}

func (s *Service) keepWarehouse(ctx context.Context, a actor.Actor, own account.Org, was, w Warehouse, note noter) (Warehouse, error) {
	if w.OrgID == "" { // of a new one: the own organisation
		w.OrgID = was.OrgID
	}
	o, err := s.owner(ctx, a, own, w.OrgID)
	if err != nil {
		return w, err
	}
	w.ID, w.OrgID, w.OrgName, w.Edit = was.ID, o.ID, o.Name, was.Edit+1
	w.Name, w.Place, w.Keeper, w.Phone = strings.TrimSpace(w.Name), strings.TrimSpace(w.Place), strings.TrimSpace(w.Keeper), unmasked(strings.TrimSpace(w.Phone), was.Phone)
	if w.ID == "" {
		w.ID = newID()
	}
	if w.Division, err = divisionOf(w.Division, o.Division); err != nil {
		return w, err
	}
	if !a.Covers(w.Division) {
		return w, errs.Field("resource.org", "org_id", "is none of the organisations that you see")
	}
	if err := w.validate(); err != nil {
		return w, err
	}
	named, err := s.Store.WarehouseNamed(ctx, w.OrgID, w.Name)
	if err == nil && named.ID != w.ID {
		return w, errs.Field("resource.twice", "name", "the organisation has a warehouse of this name already")
	}
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return w, err
	}
	if err := s.Store.SaveWarehouse(ctx, w); err != nil {
		return w, err
	}
	note(EventWarehouse, w.ID, w.Division, Trace{Name: w.Name})
	return w, nil
}

// ListStock lists stock of what the actor may see.
func (s *Service) ListStock(ctx context.Context, f StockFilter, r page.Request) (page.List[Stock], error) {
	a, err := actor.Require(ctx, actor.ResourceRead)
	if err != nil {
		return page.List[Stock]{}, err
	}
	r.Search = strings.TrimSpace(r.Search)
	list, err := s.Store.ListStock(ctx, a.Scope(), f, r)
	for i := range list.Items {
		list.Items[i].Warehouse.Phone = masked(a, list.Items[i].Warehouse.Phone)
	}
	return list, err
}

// Moves lists what has come in and gone out of one stock, oldest first.
func (s *Service) Moves(ctx context.Context, id string) ([]Move, error) {
	a, err := actor.Require(ctx, actor.ResourceRead)
	if err != nil {
		return nil, err
	}
	st, err := s.Store.Stock(ctx, id)
	if err != nil {
		return nil, err
	}
	if !a.Covers(st.Warehouse.Division) {
		return nil, denied("stock")
	}
	return s.Store.Moves(ctx, id)
}

// Change is a move by hand: what came in, went out or was counted, and why. Without StockID it begins the item Item
// with Unit in the warehouse WarehouseID.
type Change struct {
	StockID                 string
	WarehouseID, Item, Unit string
	Kind                    string // in, out, count
	Amount                  float64
	Reason                  string
}

// Move changes an amount of stock.
func (s *Service) Move(ctx context.Context, c Change) (Stock, error) {
	a, own, err := s.Desks.Own(ctx, actor.ResourceWrite)
	if err != nil {
		return Stock{}, err
	}
	c.Reason, c.Item, c.Unit = strings.TrimSpace(c.Reason), strings.TrimSpace(c.Item), strings.TrimSpace(c.Unit)
	switch {
	case c.Kind != "in" && c.Kind != "out" && c.Kind != "count":
		return Stock{}, errs.Field("resource.move", "kind", "must be in, out or count")
	case !errs.Name(c.Reason, 200):
		return Stock{}, errs.Field("resource.reason", "reason", "say why, in 1 to 200 characters on one line")
	}
	var out Stock
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		st, err := s.stock(ctx, a, c)
		if err != nil {
			return err
		}
		out, err = s.shift(ctx, st, c.Kind, c.Amount, Move{Reason: c.Reason, ByName: a.Name, OrgName: own.Name}, note)
		return err
	})
	out.Warehouse.Phone = masked(a, out.Warehouse.Phone)
	return out, err
}

// stock is the one that a change is about, new where it names an item that is not there yet.
func (s *Service) stock(ctx context.Context, a actor.Actor, c Change) (Stock, error) {
	if c.StockID != "" {
		st, err := s.Store.Stock(ctx, c.StockID)
		if err == nil && !a.Covers(st.Warehouse.Division) {
			err = denied("stock")
		}
		return st, err
	}
	w, err := s.Store.Warehouse(ctx, c.WarehouseID)
	if err != nil {
		return Stock{}, err
	}
	if !a.Covers(w.Division) {
		return Stock{}, denied("warehouse")
	}
	st, err := s.Store.StockOf(ctx, w.ID, c.Item, c.Unit)
	if errs.KindOf(err) != errs.NotFound {
		return st, err
	}
	st = Stock{ID: newID(), Item: c.Item, Unit: c.Unit, Warehouse: w}
	return st, st.validate()
}

// shift keeps a move and the stock after it.
func (s *Service) shift(ctx context.Context, st Stock, kind string, n float64, line Move, note noter) (Stock, error) {
	st, m, err := st.move(kind, n)
	if err != nil {
		return st, err
	}
	m.At, m.Reason, m.ByName, m.OrgName, m.DispatchID = stamp(), line.Reason, line.ByName, line.OrgName, line.DispatchID
	if err := s.Store.SaveStock(ctx, st); err != nil {
		return st, err
	}
	if err := s.Store.AddMove(ctx, m); err != nil {
		return st, err
	}
	note(EventMove, st.ID, st.Warehouse.Division, Trace{Name: st.Item, From: st.Warehouse.Name, To: kind, Amount: n, Unit: st.Unit})
	return st, nil
}
