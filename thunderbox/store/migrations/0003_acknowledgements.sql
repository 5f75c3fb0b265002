-- What an agent says while it thinks, written once for each of its languages.

CREATE TABLE acknowledgements (
    agent_id       INTEGER NOT NULL REFERENCES agents(id) ON DELETE CASCADE,
    language       TEXT    NOT NULL,
    text           TEXT    NOT NULL,
    model          TEXT    NOT NULL,
    used_fallback  INTEGER NOT NULL, -- 1 when the model could not, and the text is a fixed one
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (agent_id, language)
) STRICT;
