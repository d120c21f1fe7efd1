package api

import (
	"net/http"
	"testing"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestARoomIsReachedByItsAddress(t *testing.T) {
	db := storetest.SQLite(t)
	rooms := consult.New(consult.Options{Store: store.NewConsults(db), Tx: db})
	c := newCentreWith(t, func(s *Server) { RegisterConsults(s, rooms) })
	rooms.Desks, rooms.People, rooms.Events = incident.Desks{Accounts: c.accounts}, c.accounts, c.bus
	b, _ := c.user(c.admin(), "zhiban", "320600", account.RoleDuty)
	var room consult.Room
	b.want(201, "", http.MethodPost, "/api/v1/consults", map[string]any{"title": "会商"}, &room)
	var given consult.Given
	b.want(200, "", http.MethodPost, "/api/v1/consults/"+room.ID+"/invitations", map[string]any{"guest": "李教授", "hours": 1}, &given)
	b.want(422, "request.invalid", http.MethodPost, "/api/v1/consults/"+room.ID+"/invitations", map[string]any{"guest": "李教授", "hours": 73}, nil)
	const key = "?key=0123456789abcdef"
	at := "/api/v1/consults/" + room.ID
	b.want(404, "consult.no_person", http.MethodPut, at+"/people/nobody/muted", map[string]any{"on": true}, nil)
	b.want(404, "consult.no_person", http.MethodDelete, at+"/people/nobody", nil, nil)
	b.want(404, "consult.no_place", http.MethodGet, at+"/place"+key, nil, nil)
	b.want(422, "request.invalid", http.MethodGet, at+"/place?key=short", nil, nil)
	b.want(404, "consult.not_found", http.MethodGet, at+"x/place"+key, nil, nil)
	b.want(422, "request.invalid", http.MethodGet, at+"/guest", nil, nil)
	b.want(404, "consult.no_invitation", http.MethodDelete, at+"/invitations/none", nil, nil)
	b.want(204, "", http.MethodDelete, at+"/invitations/"+given.Invitations[0].ID, nil, nil)
	b.want(200, "", http.MethodPost, at+"/end", nil, &room)
	if room.State != consult.Ended {
		t.Errorf("%+v", room)
	}
	stranger := c.browser()
	stranger.want(401, "auth.required", http.MethodGet, at, nil, nil)
}
