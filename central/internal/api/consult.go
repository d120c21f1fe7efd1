package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/video"
)

func consultOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: "/consults" + path, Summary: summary, Tags: []string{"consults"}}
}

// ConsultID names a room in the path.
type ConsultID struct {
	ID string `path:"id" maxLength:"64"`
}

// ConsultGuest is the token of a link, in a header so that no log holds it.
type ConsultGuest struct {
	ConsultID
	Token string `header:"Fengsui-Guest" maxLength:"64" required:"true" doc:"What stands behind # in the address of the link"`
}

// ConsultKey names the tab of a browser.
type ConsultKey struct {
	Key string `query:"key" minLength:"16" maxLength:"64" required:"true" doc:"Names the tab: chosen by it, and the same after a broken link"`
}

// ConsultSomeone names somebody in a room.
type ConsultSomeone struct {
	ConsultID
	Person string `path:"person" maxLength:"64"`
}

// ConsultPlace is the place of somebody with an account.
type ConsultPlace struct {
	ConsultID
	ConsultKey
}

// ConsultVisit is the place of somebody from outside.
type ConsultVisit struct {
	ConsultGuest
	ConsultKey
}

// ConsultEntry is how somebody comes in.
type ConsultEntry struct {
	SDP     string `json:"sdp" maxLength:"65536" doc:"An offer: one sound and one picture to send (a listener: none), 9 pictures and 8 sounds to receive, in this order"`
	Listen  bool   `json:"listen,omitempty" doc:"Without a seat"`
	Camera  bool   `json:"camera,omitempty" doc:"A picture is sent"`
	Over    bool   `json:"over,omitempty" doc:"Take over from another tab of the same person"`
	Consent bool   `json:"consent,omitempty" doc:"To being recorded"`
}

func (e *ConsultEntry) entry(key string) consult.Entry {
	return consult.Entry{Key: key, SDP: e.SDP, Listen: e.Listen, Camera: e.Camera, Over: e.Over, Consent: e.Consent}
}

// ConsultSigns are what somebody shows of themselves.
type ConsultSigns struct {
	Camera bool `json:"camera,omitempty"`
	Quiet  bool `json:"quiet,omitempty" doc:"Muted by themselves"`
	Hand   bool `json:"hand,omitempty" doc:"Wants to speak"`
}

// RegisterConsults adds consultation rooms.
func RegisterConsults(s *Server, svc *consult.Service) {
	register(s, consultOp("list-consults", http.MethodGet, "", "Rooms that the caller may enter, the newest first, at most 500"),
		func(ctx context.Context, in *struct {
			Incident string            `query:"incident" maxLength:"64"`
			State    consult.RoomState `query:"state" enum:"open,ended"`
			Waiting  bool              `query:"waiting" doc:"Only open rooms to which the caller or their desk is asked and has neither come nor declined"`
			Query    string            `query:"q" maxLength:"80" doc:"Part of its title, of the number or title of its incident, of the name of its chair or desk"`
		},
		) (*body[page.List[consult.Listed]], error) {
			return listed(svc.List(ctx, consult.Filter{Incident: in.Incident, State: in.State, Waiting: in.Waiting, Query: in.Query}))
		})
	open := consultOp("open-consult", http.MethodPost, "", "Open a room; who opens it leads it")
	open.DefaultStatus = http.StatusCreated
	register(s, open, func(ctx context.Context, in *struct {
		Body struct {
			Incident string `json:"incident,omitempty" maxLength:"64" doc:"Left out: the room stands alone"`
			Title    string `json:"title" maxLength:"80"`
			Division string `json:"division,omitempty" maxLength:"12" doc:"Left out: that of the incident, or the own"`
		}
	},
	) (*body[consult.Room], error) {
		return reply(svc.Open(ctx, consult.Draft{IncidentID: in.Body.Incident, Title: in.Body.Title, Division: in.Body.Division}))
	})
	register(s, consultOp("get-consult", http.MethodGet, "/{id}", "A room with its invitations, who is in it, and what went on"),
		func(ctx context.Context, in *struct {
			ConsultID
			Key string `query:"key" maxLength:"64" doc:"Of the tab that asks"`
		},
		) (*body[consult.Whole], error) {
			return reply(svc.Get(ctx, in.ID, "", in.Key))
		})
	registerConsultChair(s, svc)
	registerConsultPlace(s, svc)
	registerConsultGuests(s, svc)
}

// registerConsultChair adds what the chair does.
func registerConsultChair(s *Server, svc *consult.Service) {
	register(s, consultOp("invite-consult", http.MethodPost, "/{id}/invitations", "Let people, organisations, or one expert from outside in; the token of a link is shown once"),
		func(ctx context.Context, in *struct {
			ConsultID
			Body struct {
				People []string `json:"people,omitempty" maxItems:"60" doc:"Ids of users"`
				Orgs   []string `json:"orgs,omitempty" maxItems:"60" doc:"Ids of organisations"`
				Guest  string   `json:"guest,omitempty" maxLength:"80" doc:"Name of an expert from outside"`
				Hours  int      `json:"hours,omitempty" minimum:"1" maximum:"72" doc:"That the link lives"`
			}
		},
		) (*body[consult.Given], error) {
			return reply(svc.Invite(ctx, in.ID, consult.Wish{People: in.Body.People, Orgs: in.Body.Orgs, Guest: in.Body.Guest, Hours: in.Body.Hours}))
		})
	register(s, consultOp("revoke-consult", http.MethodDelete, "/{id}/invitations/{invitation}", "End an invitation; who came by it leaves"),
		func(ctx context.Context, in *struct {
			ConsultID
			Invitation string `path:"invitation" maxLength:"64"`
		},
		) (*nothing, error) {
			return done(svc.Revoke(ctx, in.ID, in.Invitation))
		})
	register(s, consultOp("mute-consult", http.MethodPut, "/{id}/people/{person}/muted", "Silence somebody, or let them speak again"),
		func(ctx context.Context, in *struct {
			ConsultSomeone
			Body struct {
				On bool `json:"on"`
			}
		},
		) (*nothing, error) {
			return done(svc.Mute(ctx, in.ID, in.Person, in.Body.On))
		})
	register(s, consultOp("remove-consult", http.MethodDelete, "/{id}/people/{person}", "Take somebody out, with the invitation that was theirs alone"),
		func(ctx context.Context, in *ConsultSomeone) (*nothing, error) {
			return done(svc.Remove(ctx, in.ID, in.Person))
		})
	register(s, consultOp("hand-consult", http.MethodPut, "/{id}/chair", "Give the chair to a member in the room; without one the caller takes it"),
		func(ctx context.Context, in *struct {
			ConsultID
			Body struct {
				Person string `json:"person,omitempty" maxLength:"64"`
			}
		},
		) (*body[consult.Room], error) {
			if in.Body.Person == "" {
				return reply(svc.Take(ctx, in.ID))
			}
			return reply(svc.Hand(ctx, in.ID, in.Body.Person))
		})
	register(s, consultOp("record-consult", http.MethodPut, "/{id}/recording", "Record the room, or end that; everybody in it is told"),
		func(ctx context.Context, in *struct {
			ConsultID
			Body struct {
				On bool `json:"on"`
			}
		},
		) (*body[consult.Room], error) {
			return reply(svc.Record(ctx, in.ID, in.Body.On))
		})
	register(s, consultOp("end-consult", http.MethodPost, "/{id}/end", "End a room: everybody leaves, links hold no longer"),
		func(ctx context.Context, in *ConsultID) (*body[consult.Room], error) {
			return reply(svc.End(ctx, in.ID))
		})
}

// registerConsultPlace adds what somebody with an account does in a room.
func registerConsultPlace(s *Server, svc *consult.Service) {
	enter := consultOp("enter-consult", http.MethodPost, "/{id}/place", "Come in, or back to the place that is kept for 15 s")
	enter.MaxBodyBytes = 2 * maxSDP
	register(s, enter, func(ctx context.Context, in *struct {
		ConsultPlace
		Body ConsultEntry
	},
	) (*body[consult.Entered], error) {
		return reply(svc.Enter(ctx, in.ID, "", in.Body.entry(in.Key)))
	})
	register(s, consultOp("decline-consult", http.MethodPost, "/{id}/decline", "Say that one does not come, for the own desk as well where that was asked; whoever leads the room is told"),
		func(ctx context.Context, in *ConsultID) (*nothing, error) {
			return done(svc.Decline(ctx, in.ID))
		})
	register(s, consultOp("watch-consult", http.MethodGet, "/{id}/place", "What goes on in the room, once it is newer than what the caller knows, or after 8 s"),
		func(ctx context.Context, in *struct {
			ConsultPlace
			After uint64 `query:"after" doc:"Version that the caller knows"`
		},
		) (*body[consult.Scene], error) {
			return reply(svc.News(ctx, in.ID, "", in.Key, in.After))
		})
	register(s, consultOp("sign-consult", http.MethodPut, "/{id}/place", "Say whether the own camera is on, the own microphone off, and whether one wants to speak"),
		func(ctx context.Context, in *struct {
			ConsultPlace
			Body ConsultSigns
		},
		) (*nothing, error) {
			return done(svc.Sign(ctx, in.ID, "", in.Key, consult.Signs(in.Body)))
		})
	register(s, consultOp("leave-consult", http.MethodDelete, "/{id}/place", "Leave the room"),
		func(ctx context.Context, in *ConsultPlace) (*nothing, error) {
			return done(svc.Leave(ctx, in.ID, "", in.Key))
		})
	register(s, consultOp("share-consult", http.MethodPut, "/{id}/share", "Put a scene or the map before everybody, or nothing"),
		func(ctx context.Context, in *struct {
			ConsultPlace
			Body struct {
				Kind   consult.ShareKind `json:"kind" enum:",scene,map"`
				Stream string            `json:"stream,omitempty" maxLength:"64"`
			}
		},
		) (*body[consult.Room], error) {
			return reply(svc.Share(ctx, in.ID, in.Key, in.Body.Kind, in.Body.Stream))
		})
	register(s, consultOp("look-consult", http.MethodPut, "/{id}/view", "Move the shared map for everybody"),
		func(ctx context.Context, in *struct {
			ConsultPlace
			Body consult.View
		},
		) (*nothing, error) {
			return done(svc.Look(ctx, in.ID, in.Key, in.Body))
		})
}

// registerConsultGuests adds what somebody from outside does in a room, by a link.
func registerConsultGuests(s *Server, svc *consult.Service) {
	// Several experts may sit behind one address, each with one question that waits.
	asked := newGate(20*time.Millisecond, 400, "consult.too_fast", "too many questions from this address; wait a moment")
	op := func(id, method, path, summary string) huma.Operation {
		o := consultOp(id, method, "/{id}/guest"+path, summary)
		o.Security, o.Middlewares = []map[string][]string{}, s.slow(asked)
		return o
	}
	register(s, op("get-consult-guest", http.MethodGet, "", "The room of a link"),
		func(ctx context.Context, in *struct {
			ConsultGuest
			Key string `query:"key" maxLength:"64" doc:"Of the tab that asks"`
		},
		) (*body[consult.Whole], error) {
			return reply(svc.Get(ctx, in.ID, in.Token, in.Key))
		})
	register(s, op("list-consult-relays", http.MethodGet, "/relays", "Relays for whoever does not reach the video port, with a credential of 12 hours"),
		func(ctx context.Context, in *struct {
			ConsultGuest
			Host string `header:"Host"`
		},
		) (*body[page.List[video.ICEServer]], error) {
			return listed(svc.Relays(ctx, in.ID, in.Token, in.Host))
		})
	enter := op("enter-consult-guest", http.MethodPost, "/place", "Come in by a link")
	enter.MaxBodyBytes = 2 * maxSDP
	register(s, enter, func(ctx context.Context, in *struct {
		ConsultVisit
		Body ConsultEntry
	},
	) (*body[consult.Entered], error) {
		return reply(svc.Enter(ctx, in.ID, in.Token, in.Body.entry(in.Key)))
	})
	register(s, op("watch-consult-guest", http.MethodGet, "/place", "What goes on in the room, as with an account"),
		func(ctx context.Context, in *struct {
			ConsultVisit
			After uint64 `query:"after"`
		},
		) (*body[consult.Scene], error) {
			return reply(svc.News(ctx, in.ID, in.Token, in.Key, in.After))
		})
	register(s, op("sign-consult-guest", http.MethodPut, "/place", "Say of oneself what is on, as with an account"),
		func(ctx context.Context, in *struct {
			ConsultVisit
			Body ConsultSigns
		},
		) (*nothing, error) {
			return done(svc.Sign(ctx, in.ID, in.Token, in.Key, consult.Signs(in.Body)))
		})
	register(s, op("leave-consult-guest", http.MethodDelete, "/place", "Leave the room"),
		func(ctx context.Context, in *ConsultVisit) (*nothing, error) {
			return done(svc.Leave(ctx, in.ID, in.Token, in.Key))
		})
}
