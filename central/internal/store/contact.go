package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/page"
)

// AddContacts implements device.Store.
func (s *Devices) AddContacts(ctx context.Context, list []device.Contact) error {
	const insert = `insert into device_contact (id, device, division, kind, at, behind, since, error)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`
	return s.DB.Do(ctx, func(ctx context.Context) error {
		for _, c := range list {
			if _, err := s.DB.exec(ctx, insert, c.ID, c.Device, c.Division, string(c.Kind), c.At, c.Behind, c.Since, c.Error); err != nil {
				return fmt.Errorf("add contact with device %s: %w", c.Device, wrap(err))
			}
		}
		return nil
	})
}

const selectContact = `select c.id, c.device, coalesce(d.name, ''), coalesce(d.name_en, ''), c.kind, c.at, c.behind, c.since, c.error
	from device_contact c left join device d on d.id = c.device `

func scanContact(row scanner) (c device.Contact, err error) {
	var since sql.NullTime
	err = row.Scan(&c.ID, &c.Device, &c.Name, &c.NameEN, &c.Kind, &c.At, &c.Behind, &since, &c.Error)
	c.At, c.Since = c.At.UTC(), moment(since)
	return c, err
}

// OpenContacts implements device.Store.
func (s *Devices) OpenContacts(ctx context.Context) ([]device.Contact, error) {
	rows, err := s.DB.query(ctx, selectContact+`where c.kind in ('lost', 'fault')
		and not exists (select 1 from device_contact n where n.device = c.device and n.id > c.id)`)
	if err != nil {
		return nil, fmt.Errorf("list lost devices: %w", wrap(err))
	}
	return collect(rows, scanContact)
}

// Contacts implements device.Store.
func (s *Devices) Contacts(ctx context.Context, scope actor.Scope, r page.Request) (page.List[device.Contact], error) {
	rows, err := s.DB.query(ctx, selectContact+`where ($1 = '' or c.id < $1) and (c.division = '' or c.division like $2)
		order by c.id desc limit $3`, r.After, string(scope), r.Size()+1)
	if err != nil {
		return page.List[device.Contact]{}, fmt.Errorf("list contacts with devices: %w", wrap(err))
	}
	out := page.List[device.Contact]{}
	if out.Items, err = collect(rows, scanContact); err != nil {
		return out, fmt.Errorf("list contacts with devices: %w", wrap(err))
	}
	if len(out.Items) > r.Size() {
		out.Items = out.Items[:r.Size()]
		out.Next = out.Items[len(out.Items)-1].ID
	}
	return out, nil
}
