package api

import (
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// When is a time in a query. Whether it was given is kept apart from its value, so that no value means
// "left out"; what lies outside earliest and latest is refused.
type When struct {
	at    time.Time
	given bool
}

var (
	_ huma.ParamWrapper     = (*When)(nil)
	_ huma.ParamReactor     = (*When)(nil)
	_ huma.ResolverWithPath = (*When)(nil)
	_ huma.SchemaProvider   = When{}
)

// The bounds of a time in a query: what Unix milliseconds and nanoseconds can hold, and more than any record.
func earliest() time.Time { return time.Unix(0, 0).UTC() }
func latest() time.Time   { return time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC) }

// Receiver implements huma.ParamWrapper.
func (w *When) Receiver() reflect.Value { return reflect.ValueOf(&w.at).Elem() }

// OnParamSet implements huma.ParamReactor.
func (w *When) OnParamSet(given bool, _ any) { w.given = given }

// Schema implements huma.SchemaProvider.
func (When) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
}

// Resolve implements huma.ResolverWithPath.
func (w *When) Resolve(_ huma.Context, path *huma.PathBuffer) []error {
	if !w.given || (!w.at.Before(earliest()) && !w.at.After(latest())) {
		return nil
	}
	return []error{&huma.ErrorDetail{
		Location: path.String(), Value: w.at,
		Message: "must be from " + earliest().Format(time.RFC3339) + " to " + latest().Format(time.RFC3339) + "; leave it out for no limit",
	}}
}

// or is the time in UTC, or another when it was left out.
func (w *When) or(otherwise time.Time) time.Time {
	if !w.given {
		return otherwise
	}
	return w.at.UTC()
}
