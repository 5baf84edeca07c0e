"""The tables of the library, and how a program with a newer schema brings them up to date."""

MIGRATIONS = (
    """
    CREATE TABLE analyser (         -- what has judged songs
        id INTEGER PRIMARY KEY,
        model TEXT NOT NULL,        -- hash of the model
        engine TEXT NOT NULL,       -- version of everything around it
        current INTEGER NOT NULL,   -- 1 for that of the newest scan: songs of the others are stale
        UNIQUE (model, engine)
    );
    CREATE TABLE song (             -- a sound, in any number of files
        id INTEGER PRIMARY KEY,
        content TEXT NOT NULL UNIQUE,
        analyser INTEGER NOT NULL REFERENCES analyser,
        duration REAL NOT NULL,     -- seconds
        damaged REAL NOT NULL,      -- of these
        beat REAL,                  -- felt beat, beats per minute; NULL without a pace
        low REAL,                   -- range of the beat
        high REAL,
        steady INTEGER,             -- 1 if the tempo does not change; NULL without a pace
        paces TEXT NOT NULL,        -- JSON: the values of each SongPace, and of each Section
        sections TEXT NOT NULL
    );
    CREATE INDEX song_analyser ON song (analyser);
    CREATE TABLE pace (             -- the same paces, to be searched
        song INTEGER NOT NULL REFERENCES song ON DELETE CASCADE,
        low REAL NOT NULL,          -- steps per minute; both ends are the rate if it is steady
        high REAL NOT NULL,
        spm REAL NOT NULL,
        probability REAL NOT NULL,
        share REAL NOT NULL,        -- of the readings
        steps REAL                  -- on each felt beat
    );
    CREATE INDEX pace_rate ON pace (low, high, probability, share, steps, spm, song);
    CREATE INDEX pace_song ON pace (song);
    CREATE TABLE file (
        id INTEGER PRIMARY KEY,
        path BLOB NOT NULL UNIQUE,  -- names of files are bytes
        size INTEGER NOT NULL,
        modified INTEGER NOT NULL,  -- nanoseconds since 1970; what has both the same was not changed
        gone INTEGER NOT NULL DEFAULT 0,
        song INTEGER REFERENCES song,
        title TEXT,                 -- its tags
        artist TEXT,
        album TEXT,
        genre TEXT,
        code TEXT,                  -- why it has no song
        message TEXT,
        hint TEXT
    );
    CREATE INDEX file_song ON file (song, gone);
    CREATE TABLE words (            -- tags and path as they are searched: small letters without accents
        file INTEGER PRIMARY KEY REFERENCES file ON DELETE CASCADE,
        title TEXT NOT NULL,
        artist TEXT NOT NULL,
        album TEXT NOT NULL,
        genre TEXT NOT NULL,
        path TEXT NOT NULL
    );
    """,
)
"""See `paces_live.storage.Database`."""
