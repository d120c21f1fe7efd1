package account_test

import (
	"context"
	"testing"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestNobodysDivisionGrowsByTheirOwnAct(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := newBench(t, db)
		top, first, _ := b.admin()
		org := func(parent, name, division string) account.Org {
			t.Helper()
			o, err := b.CreateOrg(b.sys, account.NewOrg{ParentID: parent, Name: name, Division: division})
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		county := org(first.User.OrgID, "如东县", "320623")
		office := org(county.ID, "应急办", "320623")
		town := org(county.ID, "洋口镇", "320623104")
		local := func(name string, in account.Org) (context.Context, account.User) {
			t.Helper()
			u, _, err := b.CreateUser(b.sys, account.NewUser{Username: name, Name: name, OrgID: in.ID, Roles: []string{account.RoleAdmin}})
			if err != nil {
				t.Fatal(err)
			}
			return actor.With(context.Background(), actor.Actor{
				Kind: actor.User, ID: u.ID, Name: u.Name, DivisionCode: u.Division, Permissions: account.Permissions(u.Roles),
			}), u
		}
		asCounty, countyUser := local("county", county)
		asOffice, officeUser := local("office", office)
		to := func(ctx context.Context, id, division string) error {
			_, err := b.ChangeOrg(ctx, id, account.OrgChange{Division: &division})
			return err
		}
		for name, c := range map[string]struct {
			ctx          context.Context
			id, division string
			want         errs.Kind
		}{
			"own organisation to the city":           {asCounty, county.ID, "320600", errs.Invalid},
			"own organisation to the province":       {asCounty, county.ID, "320000", errs.Invalid},
			"own organisation to a neighbour":        {asCounty, county.ID, "320681", errs.Invalid},
			"own organisation smaller":               {asOffice, office.ID, "320623104", errs.Denied},
			"the organisation above one's own":       {asOffice, county.ID, "320600", errs.Invalid},
			"one below to the city":                  {asCounty, town.ID, "320600", errs.Invalid},
			"the top organisation, out of sight":     {asCounty, first.User.OrgID, "320623", errs.NotFound},
			"the top organisation, by its own admin": {top, first.User.OrgID, "320000", errs.Invalid},
		} {
			if err := to(c.ctx, c.id, c.division); errs.KindOf(err) != c.want {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		for _, u := range []account.User{countyUser, officeUser} {
			got, err := b.User(b.sys, u.ID)
			if err != nil || got.Division != "320623" {
				t.Errorf("%s ended in division %s, %v", u.Username, got.Division, err)
			}
		}
		if err := to(asCounty, town.ID, "320623105"); err != nil {
			t.Errorf("an organisation below one's own: %v", err)
		}
		if err := to(top, office.ID, "320623104"); err != nil {
			t.Errorf("by the administrator of the whole centre: %v", err)
		}
	})
}
