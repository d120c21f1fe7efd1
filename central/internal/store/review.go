package store

import (
	"context"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/review"
)

// Reviews implements review.Store.
type Reviews struct{ db *DB }

// NewReviews keeps after-action reviews in db.
func NewReviews(db *DB) *Reviews { return &Reviews{db: db} }

// Lock implements review.Store.
func (s *Reviews) Lock(ctx context.Context, incident string) error {
	return s.db.lockAfter(ctx, "review "+incident)
}

// Review implements review.Store.
func (s *Reviews) Review(ctx context.Context, incident string) (review.Review, error) {
	r, err := scanBody[review.Review](s.db.queryRow(ctx, `select body from reviews where incident_id = $1`, incident))
	return missed(r, "review.not_found", "review", err)
}

// SaveReview implements review.Store.
func (s *Reviews) SaveReview(ctx context.Context, r review.Review, words string) error {
	year := r.OccurredAt.In(event.China()).Format("2006")
	return s.db.saveBody(ctx, "review", r, `insert into reviews (incident_id, division, state, category, level, year, words, occurred_at, body) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (incident_id) do update set division = excluded.division, state = excluded.state, category = excluded.category, level = excluded.level, year = excluded.year,
			words = excluded.words, occurred_at = excluded.occurred_at, body = excluded.body`,
		r.IncidentID, r.Division, string(r.State), r.Category, r.Level, year, words, r.OccurredAt)
}

// Cases implements review.Store.
func (s *Reviews) Cases(ctx context.Context, scope actor.Scope, f review.Filter, r page.Request) (page.List[review.Review], error) {
	list, err := dutyRows(ctx, s.db, "cases", scanBody[review.Review], `select body from reviews
		where state = 'concluded' and division like $1 and division like $2 and ($3 = '' or category = $3 or category like $4) and ($5 = 0 or level = $5) and ($6 = '' or year = $6)
			and ($7 = '' or incident_id < $7) and ($8 = '' or words like $9 escape '\')
		order by incident_id desc limit $10`,
		string(scope), string(f.Within), f.Category, f.Category+".%", f.Level, f.Year, r.After, r.Search, like(r.Search), r.Size()+1)
	return cut(list, r.Size(), func(v review.Review) string { return v.IncidentID }), err
}

// AddReason implements review.Store.
func (s *Reviews) AddReason(ctx context.Context, r review.Reason) error {
	if err := s.db.queryRow(ctx, `select count(*) + 1 from review_reasons where incident_id = $1`, r.IncidentID).Scan(&r.No); err != nil {
		return fmt.Errorf("count reasons: %w", wrap(err))
	}
	return s.db.saveBody(ctx, "reason", r, `insert into review_reasons (incident_id, no, body) values ($1, $2, $3)`, r.IncidentID, r.No)
}

// Reasons implements review.Store.
func (s *Reviews) Reasons(ctx context.Context, incident string) ([]review.Reason, error) {
	return dutyRows(ctx, s.db, "reasons", scanBody[review.Reason], `select body from review_reasons where incident_id = $1 order by no`, incident)
}

// Lesson implements review.Store.
func (s *Reviews) Lesson(ctx context.Context, id string) (review.Lesson, error) {
	l, err := scanBody[review.Lesson](s.db.queryRow(ctx, `select body from review_lessons where id = $1`, id))
	return missed(l, "review.no_lesson", "lesson", err)
}

// Lessons implements review.Store.
func (s *Reviews) Lessons(ctx context.Context, incident string) ([]review.Lesson, error) {
	return dutyRows(ctx, s.db, "lessons", scanBody[review.Lesson], `select body from review_lessons where incident_id = $1 order by id`, incident)
}

// SaveLesson implements review.Store.
func (s *Reviews) SaveLesson(ctx context.Context, l review.Lesson) error {
	return s.db.saveBody(ctx, "lesson", l, `insert into review_lessons (id, incident_id, org_id, state, due_at, body) values ($1, $2, $3, $4, $5, $6)
		on conflict (id) do update set state = excluded.state, due_at = excluded.due_at, body = excluded.body`, l.ID, l.IncidentID, l.OrgID, string(l.State), l.DueAt)
}
