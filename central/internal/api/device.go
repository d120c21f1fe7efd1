package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/shared/wire"
)

// DeviceFilter narrows a list. It is exported because huma passes over embedded types that are not.
type DeviceFilter struct {
	ListQuery
	Kind  string `query:"kind" enum:"edge,sensor,camera"`
	State string `query:"state" enum:"never,online,offline,fault,revoked"`
}

// DeviceID names a device in the path.
type DeviceID struct {
	ID string `path:"id" maxLength:"64"`
}

type deviceNew struct {
	ID       string      `json:"id" pattern:"^[a-z0-9][a-z0-9_-]{0,63}$"`
	Kind     device.Kind `json:"kind" enum:"edge,sensor"`
	Name     string      `json:"name,omitempty" maxLength:"200"`
	NameEN   string      `json:"name_en,omitempty" maxLength:"200" doc:"Shown in English; empty: none"`
	Class    string      `json:"class,omitempty" maxLength:"64"`
	Division string      `json:"division,omitempty" maxLength:"12"`
	Place    *wire.Place `json:"place,omitempty"`
	Hours    int         `json:"hours,omitempty" minimum:"24" maximum:"168" doc:"How long the one-time token of an edge is good; left out: 24"`
}

type tokenFor struct {
	Hours int `json:"hours,omitempty" minimum:"24" maximum:"168" doc:"How long the one-time token is good; left out: 24"`
}

type deviceChange struct {
	Name     *string     `json:"name,omitempty" minLength:"1" maxLength:"200"`
	NameEN   *string     `json:"name_en,omitempty" maxLength:"200" doc:"Shown in English; empty: none"`
	Class    *string     `json:"class,omitempty" maxLength:"64"`
	Division *string     `json:"division,omitempty" maxLength:"12"`
	Place    *wire.Place `json:"place,omitempty"`
}

type deviceToken struct {
	Token string `json:"token"`
}

type deviceAdded struct {
	Device device.Device `json:"device"`
	Enrol  *enrolment    `json:"enrol,omitempty"`
	Token  string        `json:"token,omitempty"`
}

// RegisterDevices adds the register of devices.
func RegisterDevices(s *Server, svc *device.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/devices" + path, Summary: summary, Tags: []string{"devices"}}
	}
	list := func(f DeviceFilter) func(context.Context, page.Request) (page.List[device.Device], error) {
		return func(ctx context.Context, r page.Request) (page.List[device.Device], error) {
			return svc.List(ctx, device.Filter{Kind: device.Kind(f.Kind), State: device.State(f.State)}, r)
		}
	}
	register(s, op("list-devices", http.MethodGet, "", "List devices"), func(ctx context.Context, in *DeviceFilter) (*body[page.List[device.Device]], error) {
		return reply(list(*in)(ctx, in.page()))
	})
	register(s, huma.Operation{
		OperationID: "list-contacts", Method: http.MethodGet, Path: "/contacts", Summary: "Devices that were lost and came back, newest first", Tags: []string{"devices"},
	}, func(ctx context.Context, in *partInput) (*body[page.List[device.Contact]], error) {
		return reply(svc.Contacts(ctx, page.Request{After: in.After, Limit: in.Limit}))
	})
	registerSheet(s, op("export-devices", "", "/export.xlsx", "Export the list of devices"), "devices",
		func(ctx context.Context, in *DeviceFilter) (document.Sheet, error) {
			sheet := document.Sheet{Title: "设备", Headings: []string{"编号", "名称", "英文名称", "类型", "类别", "所属终端", "行政区划", "经度", "纬度", "状态", "故障", "最近通信", "拒收"}}
			devices, err := whole(ctx, in.page(), list(*in))
			for _, d := range devices {
				sheet.Rows = append(sheet.Rows, deviceRow(d))
			}
			return sheet, err
		})
	register(s, op("get-device", http.MethodGet, "/{id}", "Show one device"), func(ctx context.Context, in *DeviceID) (*body[device.Device], error) {
		return reply(svc.Get(ctx, in.ID))
	})
	register(s, op("get-device-status", http.MethodGet, "/{id}/status", "Show what an edge last reported of itself and of what is behind it"),
		func(ctx context.Context, in *DeviceID) (*body[device.Reported], error) {
			return reply(svc.Reported(ctx, in.ID))
		})
	create := op("create-device", http.MethodPost, "", "Register an edge or a simple sensor")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct {
		base
		Body deviceNew
	},
	) (*body[deviceAdded], error) {
		n := in.Body
		added, err := svc.Create(ctx, device.New{ID: n.ID, Kind: n.Kind, Name: n.Name, NameEN: n.NameEN, Class: n.Class, Division: n.Division, Place: n.Place, Life: hours(n.Hours)})
		if err != nil {
			return nil, err
		}
		out := deviceAdded{Device: added.Device, Token: added.Token}
		if added.Enrol != nil {
			out.Enrol = s.enrolment(in.base, *added.Enrol)
		}
		return reply(out, nil)
	})
	register(s, op("change-device", http.MethodPatch, "/{id}", "Change name, class, division or place"), func(ctx context.Context, in *struct {
		DeviceID
		Body deviceChange
	},
	) (*body[device.Device], error) {
		return reply(svc.Update(ctx, in.ID, device.Change(in.Body)))
	})
	register(s, op("enrol-device", http.MethodPost, "/{id}/enrol", "Make a one-time token for an edge"), func(ctx context.Context, in *struct {
		DeviceID
		base
		Body *tokenFor
	},
	) (*body[*enrolment], error) {
		if in.Body == nil {
			in.Body = &tokenFor{}
		}
		e, err := svc.NewEnrolment(ctx, in.ID, hours(in.Body.Hours))
		if err != nil {
			return nil, err
		}
		return reply(s.enrolment(in.base, e), nil)
	})
	register(s, op("get-enrolment", http.MethodGet, "/{id}/enrol", "What has become of the newest one-time token of an edge"),
		func(ctx context.Context, in *DeviceID) (*body[device.Pass], error) {
			return reply(svc.Pass(ctx, in.ID))
		})
	register(s, op("end-enrolment", http.MethodDelete, "/{id}/enrol", "Take the one-time token of an edge back"),
		func(ctx context.Context, in *DeviceID) (*body[device.Pass], error) {
			return reply(svc.EndEnrolment(ctx, in.ID))
		})
	register(s, op("create-device-token", http.MethodPost, "/{id}/token", "Make a new token for a simple sensor"), func(ctx context.Context, in *DeviceID) (*body[deviceToken], error) {
		token, err := svc.NewToken(ctx, in.ID)
		return reply(deviceToken{Token: token}, err)
	})
	register(s, op("renew-device-certificate", http.MethodPost, "/{id}/renew", "Make an edge renew its certificate now"), func(ctx context.Context, in *DeviceID) (*body[device.Device], error) {
		return reply(svc.RenewNow(ctx, in.ID))
	})
	register(s, op("revoke-device", http.MethodPost, "/{id}/revoke", "Bar a device at once"), func(ctx context.Context, in *DeviceID) (*body[device.Device], error) {
		return reply(svc.Revoke(ctx, in.ID))
	})
	register(s, op("remove-device", http.MethodDelete, "/{id}", "Remove a device, an edge with what is behind it"), func(ctx context.Context, in *DeviceID) (*nothing, error) {
		return done(svc.Remove(ctx, in.ID))
	})
	register(s, op("restore-device", http.MethodPost, "/{id}/restore", "Bring a removed device back"), func(ctx context.Context, in *DeviceID) (*body[device.Device], error) {
		return reply(svc.Restore(ctx, in.ID))
	})
}

func hours(n int) time.Duration { return time.Duration(n) * time.Hour }

func kindNames() map[device.Kind]string {
	return map[device.Kind]string{device.Edge: "终端", device.Sensor: "传感器", device.Camera: "摄像机"}
}

func deviceRow(d device.Device) []any {
	states := map[device.State]string{
		device.Never: "未上线", device.Online: "在线", device.Offline: "离线", device.Fault: "故障", device.Revoked: "已吊销",
	}
	var lon, lat, seen any
	if d.Place != nil {
		lon, lat = d.Place.Lon, d.Place.Lat
	}
	if d.LastSeen != nil {
		seen = *d.LastSeen
	}
	return []any{d.ID, d.Name, d.NameEN, kindNames()[d.Kind], d.Class, d.Parent, d.Division, lon, lat, states[d.State], d.Error, seen, d.Refused}
}
