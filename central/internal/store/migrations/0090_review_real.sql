-- +goose Up
-- Reviews stay outside exercises, so nothing of them asks for one.
alter table reviews drop column exercise;
alter table review_lessons drop column exercise;
