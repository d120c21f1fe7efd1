package recording

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/world"
)

// scenesEvery is how often incidents are looked at; whatever is missed by a kill is found then.
const scenesEvery = 5 * time.Second

// SceneList is the scenes of an incident, the oldest first, and the rule by which they are recorded.
type SceneList struct {
	Rule   SceneRule `json:"rule"`
	Scenes []Scene   `json:"scenes"`
}

// Scenes lists those of an incident, of cameras that the actor may see.
func (s *Service) Scenes(ctx context.Context, incident string) (SceneList, error) {
	out := SceneList{Rule: s.Rule, Scenes: []Scene{}}
	r, err := s.Desks.Reach(ctx, actor.VideoReplay)
	if err != nil {
		return out, err
	}
	c, err := s.Cases.May(ctx, incident)
	if err != nil || world.Of(ctx) != world.Real {
		return out, err
	}
	list, err := s.Store.Scenes(ctx, incident)
	if err != nil {
		return out, err
	}
	for _, one := range list {
		if _, ok := s.Devices.Visible(ctx, one.Stream); ok {
			one.Recording, one.Yours = one.Ended == nil && one.Began != nil && s.writes(one.Stream), r.Has(c.OrgID)
			out.Scenes = append(out.Scenes, one)
		}
	}
	return out, nil
}

// writes reports whether pictures of a stream are being written.
func (s *Service) writes(stream string) bool {
	s.mu.Lock()
	r := s.running[stream]
	s.mu.Unlock()
	if r == nil {
		return false
	}
	open, err := r.state()
	return open != nil && err == nil
}

// Cost says what recording a camera would take.
func (s *Service) Cost(ctx context.Context, stream string) (Cost, error) {
	_, d, err := s.visible(ctx, stream, actor.VideoRecord)
	if err != nil {
		return Cost{}, err
	}
	now := time.Now()
	list, err := s.Store.Segments(ctx, stream, now.Add(-costWithin), now)
	if err != nil {
		return Cost{}, err
	}
	out := Cost{Stream: stream, Edge: d.Parent, Already: s.policy(stream).records(now) || len(s.scenesOf(stream)) > 0}
	out.PerHour, out.Measured = perHour(list)
	if d.Parent == "" {
		return out, nil
	}
	r, err := s.Reporter.Reported(actor.WithSystem(ctx, "recording"), d.Parent)
	if err == nil && r.Status.Budget != nil {
		out.Level, out.Left = r.Status.Budget.Level, left(r.Status.Budget)
	}
	return out, nil
}

// AddScene records a camera with an incident.
func (s *Service) AddScene(ctx context.Context, incident, stream string) (Scene, error) {
	a, d, err := s.visible(ctx, stream, actor.VideoRecord)
	if err != nil {
		return Scene{}, err
	}
	if err := world.Outside(ctx, "the recording of scenes"); err != nil {
		return Scene{}, err
	}
	c, err := s.Cases.May(ctx, incident)
	if err != nil {
		return Scene{}, err
	}
	if !c.Open {
		return Scene{}, errs.E(errs.Conflict, "incident.not_open", "the incident was merged, withdrawn or closed; open it again first")
	}
	return s.addScene(ctx, c, d, Scene{AuthorName: a.Name})
}

func (s *Service) addScene(ctx context.Context, c Case, d device.Device, add Scene) (Scene, error) {
	s.write.Lock()
	defer s.write.Unlock()
	now := event.Stamp(time.Now())
	s.mu.Lock()
	of, same := 0, false
	for _, one := range s.scenes {
		if one.Incident == c.ID {
			of++
			same = same || one.Stream == d.ID
		}
	}
	all := len(s.scenes)
	s.mu.Unlock()
	switch {
	case same:
		return Scene{}, errs.E(errs.Conflict, "recording.scene_there", "this camera is recorded with this incident already")
	case of >= maxScenesOfOne || all >= maxScenesAll:
		return Scene{}, errs.E(errs.Unavailable, "recording.scenes_full", "16 scenes of one incident and 64 of all are recorded at most: end some first")
	}
	add.ID, add.Incident, add.No, add.Stream, add.AddedAt, add.HoldFrom = uuid.Must(uuid.NewV7()).String(), c.ID, c.No, d.ID, now, c.holdFrom(now)
	add.OrgID, add.OrgName = c.OrgID, c.OrgName
	act := "waiting"
	if s.Rule.due(c) {
		act, add.Began = "begun", &now
	}
	e := event.New(ctx, EventSceneAdded, d.ID, d.Division, add)
	err := s.change(ctx, &e, func(ctx context.Context) error {
		if err := s.Cases.Note(ctx, c.ID, act, d.Name); err != nil {
			return err
		}
		return s.Store.AddScene(ctx, add)
	})
	if err != nil {
		return Scene{}, err
	}
	s.mu.Lock()
	s.scenes[add.ID] = add
	s.mu.Unlock()
	s.loop.Wake()
	return add, nil
}

// StopScene ends the recording of a scene before its incident is closed. What was recorded stays held. It is for the desk
// that keeps the incident, and those above: who only sees the camera has no say in what an incident of the city records.
func (s *Service) StopScene(ctx context.Context, id, reason string) (Scene, error) {
	if _, err := actor.Require(ctx, actor.VideoRecord); err != nil {
		return Scene{}, err
	}
	s.mu.Lock()
	one, ok := s.scenes[id]
	s.mu.Unlock()
	gone := errs.E(errs.NotFound, "recording.no_scene", "this scene is not recorded with an incident any more")
	if !ok {
		return Scene{}, gone
	}
	if err := world.Outside(ctx, "the recording of scenes"); err != nil {
		return Scene{}, err
	}
	a, d, err := s.visible(ctx, one.Stream, actor.VideoRecord)
	if err != nil {
		return Scene{}, err
	}
	c, err := s.Cases.May(ctx, one.Incident)
	if err != nil {
		return Scene{}, err
	}
	if err := s.mine(ctx, actor.VideoRecord, c.OrgID, c.OrgName); err != nil {
		return Scene{}, err
	}
	if err := checkReason(reason); err != nil {
		return Scene{}, err
	}
	one.Why, one.Reason, one.EndedByName, one.Yours = ByHand, reason, a.Name, true
	return s.endScene(ctx, one, d)
}

// endScene writes the end of a scene and the hold on what was recorded.
func (s *Service) endScene(ctx context.Context, one Scene, d device.Device) (Scene, error) {
	s.write.Lock()
	defer s.write.Unlock()
	s.mu.Lock()
	_, ok := s.scenes[one.ID]
	s.mu.Unlock()
	if !ok {
		return one, errs.E(errs.NotFound, "recording.no_scene", "this scene is not recorded with an incident any more")
	}
	now := event.Stamp(time.Now())
	one.Ended = &now
	h := one.hold(now.Truncate(time.Millisecond).Add(time.Second))
	h.ID, h.CreatedAt = uuid.Must(uuid.NewV7()).String(), now
	e := event.New(ctx, EventSceneEnded, one.Stream, d.Division, one)
	err := s.change(ctx, &e, func(ctx context.Context) error {
		if one.Why == ByHand {
			if err := s.Cases.Note(ctx, one.Incident, "ended", d.Name+"："+one.Reason); err != nil {
				return err
			}
		}
		return errors.Join(s.Store.ChangeScene(ctx, one), s.Store.AddHold(ctx, h))
	})
	if err != nil {
		return one, err
	}
	s.mu.Lock()
	delete(s.scenes, one.ID)
	s.mu.Unlock()
	s.loop.Wake()
	return one, nil
}

// scenesOf are those that record a stream, or will.
func (s *Service) scenesOf(stream string) (out []Scene) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.scenes {
		if one.Stream == stream {
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b Scene) int { return a.AddedAt.Compare(b.AddedAt) })
	return out
}

// holds are those that were placed and those of scenes that run.
func (s *Service) holds(ctx context.Context) ([]Hold, error) {
	list, err := s.Store.Holds(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.scenes {
		list = append(list, one.hold(farAway))
	}
	return list, nil
}

// loadScenes reads what runs, after a start.
func (s *Service) loadScenes(ctx context.Context) error {
	list, err := s.Store.ScenesSince(ctx, farAway)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range list {
		s.scenes[one.ID] = one
	}
	return nil
}

// followScenes begins and ends scenes as incidents go, adds those of the rule, and takes up again those of an
// incident that was opened again. It goes by the state of incidents, so that a kill only puts it off.
func (s *Service) followScenes(ctx context.Context) error {
	if s.Cases == nil {
		return nil
	}
	s.mu.Lock()
	active := make([]Scene, 0, len(s.scenes))
	for _, one := range s.scenes {
		active = append(active, one)
	}
	s.mu.Unlock()
	var failed error
	for _, one := range active {
		failed = errors.Join(failed, s.followScene(ctx, one))
	}
	running, err := s.Cases.Running(ctx)
	if err != nil {
		return errors.Join(failed, err)
	}
	for _, c := range running {
		if s.considered[c.ID] == c.Version {
			continue
		}
		if err := s.consider(ctx, c); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		s.considered[c.ID] = c.Version
	}
	return failed
}

func (s *Service) followScene(ctx context.Context, one Scene) error {
	c, err := s.Cases.Case(ctx, one.Incident)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	d, _ := s.Devices.Visible(ctx, one.Stream)
	if !c.Open {
		one.Why = WithIncident
		_, err := s.endScene(ctx, one, d)
		return err
	}
	if one.Began != nil || !s.Rule.due(c) {
		return nil
	}
	s.write.Lock()
	defer s.write.Unlock()
	s.mu.Lock()
	one, ok := s.scenes[one.ID]
	s.mu.Unlock()
	if !ok || one.Began != nil {
		return nil // somebody ended it meanwhile
	}
	now := event.Stamp(time.Now())
	one.Began = &now
	e := event.New(ctx, EventSceneBegun, one.Stream, d.Division, one)
	err = s.change(ctx, &e, func(ctx context.Context) error {
		if err := s.Cases.Note(ctx, one.Incident, "begun", d.Name); err != nil {
			return err
		}
		return s.Store.ChangeScene(ctx, one)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.scenes[one.ID] = one
	s.mu.Unlock()
	s.loop.Wake()
	return nil
}

// consider adds to an incident the cameras of the rule that were never added to it, and those that ended with it when
// it was closed before.
func (s *Service) consider(ctx context.Context, c Case) error {
	had, err := s.Store.Scenes(ctx, c.ID)
	if err != nil {
		return err
	}
	last := map[string]Scene{} // by stream
	for _, one := range had {
		last[one.Stream] = one
	}
	all, err := s.Devices.All(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, d := range all {
		if one, ok := last[d.ID]; ok && one.Ended != nil && one.Why == WithIncident {
			_, err := s.addScene(ctx, c, d, Scene{ByRule: one.ByRule, AuthorName: one.AuthorName})
			failed = errors.Join(failed, unlessFull(err))
		}
	}
	for _, d := range s.Rule.near(c, all) {
		if _, ok := last[d.ID]; !ok {
			_, err := s.addScene(ctx, c, d, Scene{ByRule: true})
			failed = errors.Join(failed, unlessFull(err))
		}
	}
	return failed
}

// unlessFull passes over that there are enough scenes: trying again every few seconds would not help.
func unlessFull(err error) error {
	if k := errs.KindOf(err); k == errs.Unavailable || k == errs.Conflict {
		return nil
	}
	return err
}
