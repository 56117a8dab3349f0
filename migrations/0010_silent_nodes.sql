-- Epochs whose snapshots leave a node out, because nothing was heard of it in the two epochs before. The span that ends
-- with the newest epoch grows at an edge.
CREATE TABLE absences (
    node            INTEGER NOT NULL REFERENCES nodes,
    from_epoch      BIGINT NOT NULL,
    through_epoch   BIGINT NOT NULL CHECK (through_epoch >= from_epoch),
    PRIMARY KEY (node, from_epoch)
);
CREATE UNIQUE INDEX absences_through ON absences (through_epoch, node);

-- What was heard in a range of the log.
CREATE INDEX observations_by_leaf ON observations (log_index);
CREATE INDEX deliveries_by_leaf ON deliveries (log_index);
CREATE INDEX attestations_by_leaf ON attestations (log_index);
