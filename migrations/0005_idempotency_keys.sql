-- Answers by the client's Idempotency-Key, so that a request whose answer was lost gets the same one again. Every act
-- counts once by what is signed, also without; the oldest rows make room.
CREATE TABLE idempotency_keys (
    number  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE CHECK (octet_length(key) BETWEEN 1 AND 128),
    request hash32 NOT NULL,
    status  SMALLINT NOT NULL,
    answer  BYTEA NOT NULL CHECK (octet_length(answer) <= 65536)
);
