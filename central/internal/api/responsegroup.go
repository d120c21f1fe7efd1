package api

import (
	"context"
	"net/http"

	"github.com/fengsui/fengsui/central/internal/response"
)

// GroupPerson is somebody who is put into a group.
type GroupPerson struct {
	PersonID string `json:"person_id,omitempty" maxLength:"64" doc:"A duty person; else a name"`
	Name     string `json:"name,omitempty" maxLength:"64"`
	Post     string `json:"post,omitempty" maxLength:"80"`
}

// GroupSetting is how a group is set up or changed.
type GroupSetting struct {
	Kind    string        `json:"kind" enum:"group,site"`
	Name    string        `json:"name" maxLength:"120"`
	UnderID string        `json:"under_id,omitempty" maxLength:"64" doc:"A command on site; left out: the command itself"`
	Duty    string        `json:"duty,omitempty" maxLength:"4000"`
	Orgs    []string      `json:"orgs,omitempty" maxItems:"40"`
	LeadID  string        `json:"lead_id,omitempty" maxLength:"64" doc:"Role of the response; else lead"`
	Lead    *GroupPerson  `json:"lead,omitempty"`
	SeatIDs []string      `json:"seat_ids,omitempty" maxItems:"40" doc:"Roles of the members"`
	People  []GroupPerson `json:"people,omitempty" maxItems:"20"`
	Closed  bool          `json:"closed,omitempty" doc:"Dissolve it"`
	Edit    int           `json:"edit,omitempty" minimum:"0" doc:"That was seen"`
}

func (b GroupSetting) setting() response.Setting {
	st := response.Setting{Kind: b.Kind, Name: b.Name, UnderID: b.UnderID, Duty: b.Duty, Orgs: b.Orgs, LeadID: b.LeadID, SeatIDs: b.SeatIDs, Closed: b.Closed, Edit: b.Edit}
	if b.Lead != nil {
		one := response.Someone(*b.Lead)
		st.Lead = &one
	}
	for _, p := range b.People {
		st.People = append(st.People, response.Someone(p))
	}
	return st
}

// registerGroups adds the working groups of a response.
func registerGroups(s *Server, svc *response.Service) {
	register(s, responseOp("add-response-group", http.MethodPost, "/responses/{id}/groups", "Set up a working group or a command on site"),
		func(ctx context.Context, in *struct {
			IncidentID
			Body GroupSetting
		},
		) (*body[response.Group], error) {
			return reply(svc.Group(ctx, in.ID, "", in.Body.setting()))
		})
	register(s, responseOp("change-response-group", http.MethodPut, "/responses/{id}/groups/{group}", "Change a group, or dissolve it"),
		func(ctx context.Context, in *struct {
			IncidentID
			Group string `path:"group" maxLength:"64"`
			Body  GroupSetting
		},
		) (*body[response.Group], error) {
			return reply(svc.Group(ctx, in.ID, in.Group, in.Body.setting()))
		})
}
