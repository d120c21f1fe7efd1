-- +goose Up
-- Devices that were lost and came back, by the time at which the centre noticed. A line without a device is a
-- start of the centre.
create table device_contact (
  id       text primary key,
  device   text not null,
  division text not null,
  kind     text not null,
  at       timestamp not null,
  behind   integer not null,
  since    timestamp,
  error    text not null
);
create index device_contact_device on device_contact (device, id);
