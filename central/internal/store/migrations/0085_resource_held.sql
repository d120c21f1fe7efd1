-- +goose Up
-- Stock of a name is looked up by warehouse: right after a large import PostgreSQL knows nothing of the rows yet, and
-- without this it joined two indexes anew for every warehouse (395 ms of 1,000; 6 ms with it known).
create index resource_stock_held on resource_stock (word, warehouse_id);
drop index resource_stock_word;
