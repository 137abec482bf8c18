//! The tables that a new database has from its start. They are ordinary tables otherwise.

/// What makes them, in order. `docs/sql` describes the columns.
pub(crate) const STATEMENTS: &[&str] = &[
    "CREATE TABLE workers (
        worker_id text PRIMARY KEY,
        name text NOT NULL,
        role text NOT NULL,
        city text,
        state text,
        status text NOT NULL DEFAULT 'active',
        skills text[],
        certifications text[],
        years_experience int,
        hourly_rate numeric(10,2),
        email text,
        phone text,
        blacklisted_clients text[],
        profile text,
        updated_at timestamptz DEFAULT now(),
        embedding vector(768) GENERATED ALWAYS AS (embed(coalesce(profile, concat_ws(' ', name, role, city,
            state, array_to_string(skills, ' '), array_to_string(certifications, ' '))))) STORED
    )",
    "CREATE INDEX workers_embedding_idx ON workers USING hnsw (embedding vector_cosine_ops)",
];
