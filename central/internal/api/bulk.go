package api

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
)

type bulkRows struct {
	Rows  []device.Listed `json:"rows" minItems:"1" maxItems:"2000"`
	Hours int             `json:"hours,omitempty" minimum:"24" maximum:"168" doc:"How long the one-time tokens of edges are good; left out: 24"`
}

// bulkAdded is what was registered. Its secrets are shown this once.
type bulkAdded struct {
	Items []deviceAdded `json:"items"`
	Sheet []byte        `json:"sheet" doc:"The same as an XLSX workbook"`
}

// RegisterBulk adds the registration of many devices by a list.
func RegisterBulk(s *Server, svc *device.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/devices/bulk" + path, Summary: summary, Tags: []string{"devices"}}
	}
	template := op("bulk-template", http.MethodGet, "/template.xlsx", "An empty list of devices with drop-downs and instructions")
	template.Responses = map[string]*huma.Response{"200": {
		Description: "An XLSX workbook", Content: map[string]*huma.MediaType{sheetType: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, template, func(ctx context.Context, _ *nothing) (*file, error) {
		a, err := actor.Require(ctx, actor.DeviceWrite)
		if err != nil {
			return nil, err
		}
		var classes, divisions []document.Choice
		for _, c := range slices.Sorted(maps.Keys(classNames())) {
			classes = append(classes, document.Choice{Code: c, Name: classNames()[c]})
		}
		for _, d := range svc.Areas.Named() {
			if a.Sees(string(d.Code)) {
				divisions = append(divisions, document.Choice{Code: string(d.Code), Name: d.Name})
			}
		}
		var out bytes.Buffer
		if err := document.RollTemplate(&out, classes, divisions); err != nil {
			return nil, err
		}
		return &file{ContentType: sheetType, ContentDisposition: `attachment; filename="device-template.xlsx"`, Body: out.Bytes()}, nil
	})
	register(s, op("check-bulk", http.MethodPost, "/check", "Say of every row of an uploaded list what would become of it; nothing is written"),
		func(ctx context.Context, in *struct {
			RawBody []byte `contentType:"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"`
		},
		) (*body[page.List[device.Checked]], error) {
			if _, err := actor.Require(ctx, actor.DeviceWrite); err != nil {
				return nil, err
			}
			rows, err := readBook(ctx, s, in.RawBody, document.Roll)
			if err != nil {
				return nil, err
			}
			return listed(svc.CheckBulk(ctx, rows))
		})
	create := op("create-bulk", http.MethodPost, "", "Register all rows that are new, or none when one is wrong")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct {
		base
		Body bulkRows
	},
	) (*body[bulkAdded], error) {
		added, err := svc.CreateBulk(ctx, in.Body.Rows, hours(in.Body.Hours))
		if err != nil {
			return nil, err
		}
		out := bulkAdded{Items: []deviceAdded{}}
		sheet := document.Sheet{Title: "登记结果", Headings: []string{"编号", "名称", "类型", "行政区划", "登记命令（终端）", "令牌（传感器）", "有效期至"}}
		for _, one := range added {
			d := deviceAdded{Device: one.Device, Token: one.Token}
			row := []any{one.Device.ID, one.Device.Name, kindNames()[one.Device.Kind], one.Device.Division, "", one.Token, nil}
			if one.Enrol != nil {
				d.Enrol = s.enrolment(in.base, *one.Enrol)
				row[4], row[6] = d.Enrol.Command, one.Enrol.Expires
			}
			out.Items, sheet.Rows = append(out.Items, d), append(sheet.Rows, row)
		}
		var text bytes.Buffer
		if err := sheet.Write(&text, event.China()); err != nil {
			return nil, err
		}
		out.Sheet = text.Bytes()
		return reply(out, nil)
	})
}

// classNames are the classes that a device of its own may have.
func classNames() map[string]string {
	return map[string]string{
		"terminal": "终端 Terminal", "water_level": "水位 Water level", "gas": "气体 Gas", "position": "定位 Position", "siren": "警笛 Siren",
		"air_pollution": "大气污染源 Air pollution", "water_quality": "水质 Water quality", "rain": "雨量 Rain", "reservoir": "水库 Reservoir",
		"flow": "流量 Flow", "smoke": "烟感 Smoke", "weather": "气象 Weather", "power": "电力 Power",
	}
}

// bookWait is how long a workbook waits for those before it.
const bookWait = 10 * time.Second

// readBook reads what was handed in when no other is read.
func readBook[T any](ctx context.Context, s *Server, raw []byte, read func([]byte) (T, error)) (out T, err error) {
	ctx, cancel := context.WithTimeout(ctx, bookWait)
	defer cancel()
	if s.books.Acquire(ctx, 1) != nil {
		return out, errs.E(errs.Unavailable, "document.busy", "other workbooks are being read; try again in a moment")
	}
	defer s.books.Release(1)
	return read(raw)
}
