package api

import (
	"context"
	"strings"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
)

// ListQuery is the query of every list and of its export. It is exported because huma passes over embedded
// types that are not.
type ListQuery struct {
	Q     string `query:"q" maxLength:"200" doc:"Search"`
	After string `query:"after" maxLength:"64" doc:"Next of the part before"`
	Limit int    `query:"limit" minimum:"0" maximum:"500" doc:"Most items wanted; 0 means 100"`
}

func (q ListQuery) page() page.Request {
	return page.Request{Search: strings.TrimSpace(q.Q), After: q.After, Limit: q.Limit}
}

// Language is the one that a file is wanted in. It is exported because huma passes over embedded types that are not.
type Language struct {
	Lang string `query:"lang" enum:"zh-CN,en" default:"zh-CN" doc:"Language of names and headings"`
}

func (l Language) english() bool { return l.Lang == "en" }

// say picks one of two texts.
func (l Language) say(chinese, english string) string {
	if l.english() {
		return english
	}
	return chinese
}

// headings are those of a sheet, Chinese and English in turn.
func (l Language) headings(pairs ...[2]string) []string {
	out := make([]string, len(pairs))
	for i, p := range pairs {
		out[i] = l.say(p[0], p[1])
	}
	return out
}

// listed answers with a list that is never long enough to need parts.
func listed[T any](list []T, err error) (*body[page.List[T]], error) {
	return reply(page.List[T]{Items: append([]T{}, list...)}, err)
}

// whole reads all parts of a list, for exports, from the first. A list that is longer than one sheet is
// refused: nothing is cut off silently.
func whole[T any](ctx context.Context, r page.Request, list func(context.Context, page.Request) (page.List[T], error)) ([]T, error) {
	r.After, r.Limit = "", page.MaxLimit
	var out []T
	for {
		part, err := list(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, part.Items...)
		if len(out) >= document.MaxRows {
			return nil, errs.E(errs.Invalid, "export.too_long", "the list is too long for one sheet; narrow the search")
		}
		if part.Next == "" {
			return out, nil
		}
		r.After = part.Next
	}
}
