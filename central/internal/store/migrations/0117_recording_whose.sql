-- +goose Up
-- Whose it is what is kept of pictures: the desk of who kept it, of an incident the desk that keeps that. Pictures that the
-- centre kept by itself are nobody's yet.
alter table recording_hold add column org_id text not null default '';
alter table recording_hold add column org_name text not null default '';
alter table recording_clip add column org_id text not null default '';
alter table recording_clip add column org_name text not null default '';
alter table recording_snapshot add column org_id text not null default '';
alter table recording_snapshot add column org_name text not null default '';
alter table recording_scene add column org_id text not null default '';
alter table recording_scene add column org_name text not null default '';
update recording_scene set org_id = coalesce((select org_id from incidents where incidents.id = recording_scene.incident), '');
update recording_hold set org_id = coalesce(
  (select org_id from users where users.id = recording_hold.author),
  (select min(org_id) from incidents where incidents.no = recording_hold.reference),
  (select id from orgs where coalesce(parent_id, '') = '' order by created_at limit 1), '');
update recording_clip set org_id = coalesce((select org_id from users where users.id = recording_clip.author), (select id from orgs where coalesce(parent_id, '') = '' order by created_at limit 1), '');
update recording_snapshot set org_id = coalesce((select org_id from users where users.id = recording_snapshot.author), (select id from orgs where coalesce(parent_id, '') = '' order by created_at limit 1), '') where author <> '';
update recording_hold set org_name = coalesce((select name from orgs where orgs.id = recording_hold.org_id), '');
update recording_clip set org_name = coalesce((select name from orgs where orgs.id = recording_clip.org_id), '');
update recording_snapshot set org_name = coalesce((select name from orgs where orgs.id = recording_snapshot.org_id), '');
update recording_scene set org_name = coalesce((select name from orgs where orgs.id = recording_scene.org_id), '');
-- Whether there was something to be seen of the camera at the moment of a picture. Of those of before nobody looked.
alter table recording_snapshot add column verified boolean not null default false;
update recording_snapshot set verified = true where origin = 'alarm';
