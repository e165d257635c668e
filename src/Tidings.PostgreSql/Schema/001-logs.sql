-- Logs: what is in them, how messages get their places, how they are read and forgotten.
-- Functions that nodes call bear the version that brought them: a later version adds its own and leaves these, so that nodes of both can run side by side.
CREATE TABLE tidings.cluster (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    version integer NOT NULL,       -- of these tables
    oldest integer NOT NULL,        -- the oldest version of nodes that may still use them
    generation text NOT NULL,       -- what all epochs follow from
    system text NOT NULL,           -- the cluster of databases that the generation belongs to, and the database in it
    relation oid NOT NULL,          -- and this table: one that a dump has made is another one
    timeline text NOT NULL,         -- and its timeline
    started timestamptz NOT NULL,   -- when its server was started
    flushes boolean NOT NULL        -- whether what was committed survives a crash of that server
);

-- Who works here locks rows of it, and it: unlike PostgreSQL's advisory locks, these are only for roles that may write in this schema.
CREATE TABLE tidings.turns (
    work text COLLATE "C" PRIMARY KEY
);
INSERT INTO tidings.turns VALUES ('inbox'), ('events');

-- One for both tables that nodes follow: what is said in passing keeps its place among messages.
CREATE SEQUENCE tidings.news CACHE 1;

-- A row here is locked with each step that publishes there, and written only where something else than the newest place changes: while anybody's transaction is open, every version of
-- a row that was written since stands before the newest one, for everybody who looks for it.
CREATE TABLE tidings.channels (
    name text COLLATE "C" PRIMARY KEY,
    birth bigint NOT NULL,              -- what tells this log from those that the name had before
    top bigint NOT NULL DEFAULT 0,      -- the place of the newest message, unless there is a newer one in the table: only before messages are deleted it is written here
    size integer NOT NULL DEFAULT 0,    -- how many messages are kept
    floor bigint NOT NULL DEFAULT 1,    -- before this place none is kept, whatever the size
    gone bigint NOT NULL DEFAULT 1,     -- before this place none is in the table any more
    age bigint NOT NULL DEFAULT 0,      -- milliseconds that a message is kept
    keys integer NOT NULL DEFAULT 0,    -- of the state
    bytes bigint NOT NULL DEFAULT 0,
    used bigint NOT NULL DEFAULT 0      -- Unix milliseconds
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE tidings.messages (
    news bigint PRIMARY KEY,
    channel text COLLATE "C" NOT NULL,
    place bigint NOT NULL,
    birth bigint NOT NULL,
    at bigint NOT NULL,
    payload bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE UNIQUE INDEX messages_place ON tidings.messages (channel, place);

-- What nodes are told and nobody keeps: said in passing (without a place), erased (with one), asked of nodes.
CREATE UNLOGGED TABLE tidings.passing (
    news bigint PRIMARY KEY,
    channel text COLLATE "C" NOT NULL,
    place bigint,
    birth bigint NOT NULL DEFAULT 0,
    at bigint NOT NULL,
    payload bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- Which messages were erased, for a day: a node that was without a link asks what it was not told.
CREATE TABLE tidings.erased (
    news bigint PRIMARY KEY,
    channel text COLLATE "C" NOT NULL,
    place bigint NOT NULL,
    birth bigint NOT NULL,
    at bigint NOT NULL
);
CREATE INDEX erased_at ON tidings.erased (at);

-- What transactions publish, until a node has given it a place.
CREATE TABLE tidings.inbox (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    transaction bigint NOT NULL,        -- whose it is
    channel text COLLATE "C" NOT NULL,
    payload bytea NOT NULL,
    key bytea,
    removes boolean NOT NULL DEFAULT false,
    once bytea
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX inbox_channel ON tidings.inbox (channel, id);
CREATE INDEX inbox_transaction ON tidings.inbox (transaction, id);

CREATE TABLE tidings.state (
    channel text COLLATE "C" NOT NULL,
    key bytea NOT NULL,
    place bigint NOT NULL,
    at bigint NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (channel, key)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE tidings.once (
    channel text COLLATE "C" NOT NULL,
    key bytea NOT NULL,             -- a hash
    place bigint NOT NULL,
    until bigint NOT NULL,
    PRIMARY KEY (channel, key)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX once_until ON tidings.once (until);

-- How often a name was forgotten; names that share a bucket are counted together.
CREATE TABLE tidings.forgotten (
    bucket integer PRIMARY KEY,
    times bigint NOT NULL
);

CREATE FUNCTION tidings.now_1() RETURNS bigint LANGUAGE sql VOLATILE
RETURN floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint;

CREATE FUNCTION tidings.bucket_1(name text) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN (hashtextextended(name, 0) & 65535)::integer;

-- As nodes compute it.
CREATE FUNCTION tidings.epoch_1(generation text, birth bigint, name text) RETURNS text LANGUAGE sql STABLE
RETURN left(encode(sha256(convert_to(generation || ' ' || birth || ' ' || name, 'UTF8')), 'hex'), 16);

-- What back ends are told of a message that a transaction has published, without its id, place and time.
CREATE FUNCTION tidings.event_1(p_channel text, p_payload bytea) RETURNS bytea LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_text text := convert_from(p_payload, 'UTF8');
    v_line json := split_part(v_text, E'\n', 1)::json;
BEGIN
    RETURN convert_to(
        '"type":"message.published","channel":' || to_json(p_channel) || ',"data":{'
        || coalesce('"event":' || (v_line -> 'name')::text || ',', '') || coalesce('"key":' || (v_line -> 'key')::text || ',', '')
        || CASE WHEN v_line -> 'remove' IS NULL THEN '"data":' || split_part(v_text, E'\n', 2) ELSE '"remove":true' END, 'UTF8');
END $$;

CREATE FUNCTION tidings.system_1() RETURNS text LANGUAGE sql STABLE
RETURN (SELECT system_identifier FROM pg_control_system()) || ' ' || (SELECT oid FROM pg_database WHERE datname = current_database());

CREATE FUNCTION tidings.timeline_1() RETURNS text LANGUAGE sql VOLATILE
RETURN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8);

CREATE FUNCTION tidings.flushes_1() RETURNS boolean LANGUAGE sql STABLE
RETURN current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off' AND current_setting('full_page_writes') = 'on';

-- The place of a log's newest message.
CREATE FUNCTION tidings.top_1(p_name text) RETURNS bigint LANGUAGE sql STABLE
RETURN (SELECT coalesce((SELECT m.place FROM tidings.messages m WHERE m.channel = c.name AND m.place > c.top ORDER BY m.place DESC LIMIT 1), c.top) FROM tidings.channels c WHERE c.name = p_name);

-- The first message that waits in the inbox; null where none does. What was taken stays in the table as long as anybody's transaction may still see it: nobody reads over that again.
-- p_from, p_running, p_since: what a former look has answered. Of the transactions that had ended by then nothing is left before p_from; those that were running, and those from p_since on,
-- may have left something anywhere.
CREATE FUNCTION tidings.first_1(p_from bigint, p_running bigint[], p_since bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_running bigint[] := ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(pg_current_snapshot()) x);
    v_first bigint := (SELECT i.id FROM tidings.inbox i WHERE i.id >= p_from ORDER BY i.id LIMIT 1);
    v_transaction bigint;
BEGIN
    IF p_from > 0 THEN
        v_first := least(v_first, (SELECT min(n.id) FROM (SELECT i.id FROM tidings.inbox i WHERE i.transaction >= p_since ORDER BY i.transaction OFFSET 0) n));
    END IF;
    FOREACH v_transaction IN ARRAY p_running LOOP
        IF v_transaction <> ALL (v_running) THEN
            v_first := least(v_first, (SELECT i.id FROM tidings.inbox i WHERE i.transaction = v_transaction ORDER BY i.id LIMIT 1));
        END IF;
    END LOOP;
    RETURN v_first;
END $$;

-- Looks whether something waits in the inbox, and answers what the next look begins with (see above; the very first one: 0, none, 0).
CREATE FUNCTION tidings.look_1(p_from bigint, p_running bigint[], p_since bigint, OUT waits boolean, OUT next bigint, OUT running bigint[], OUT since bigint) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_now pg_snapshot;
BEGIN
    -- In this order: what this snapshot sees has ids up to this one.
    next := (SELECT s.last_value FROM tidings.inbox_id_seq s);
    v_now := (SELECT pg_current_snapshot());
    running := ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(v_now) x);
    since := pg_snapshot_xmax(v_now)::text::bigint;
    p_from := (SELECT tidings.first_1(p_from, p_running, p_since));
    waits := p_from IS NOT NULL;
    next := coalesce(p_from, next);
END $$;

-- Begins a node's session. The generation ends where it cannot be known that nothing was lost: on another cluster, database or table (a restored copy), on another
-- timeline (a promoted replica), after a restart of a server that does not flush, and where the node itself has seen more than there is.
CREATE FUNCTION tidings.begin_1(p_channel text, p_generation text, p_birth bigint, p_place bigint, OUT generation text, OUT flushes boolean, OUT now bigint, OUT renewed boolean)
LANGUAGE plpgsql AS $$
DECLARE
    known tidings.cluster;
    v_system text := tidings.system_1();
    v_relation oid := 'tidings.cluster'::regclass;
    v_timeline text := tidings.timeline_1();
    v_started timestamptz := pg_postmaster_start_time();
    v_flushes boolean := tidings.flushes_1();
    v_reads boolean := current_setting('transaction_read_only')::boolean;
    v_top bigint;
    v_birth bigint;
BEGIN
    IF v_reads THEN
        SELECT * INTO STRICT known FROM tidings.cluster;
    ELSE
        SELECT * INTO STRICT known FROM tidings.cluster FOR UPDATE;
    END IF;
    renewed := known.system <> v_system OR known.relation <> v_relation OR known.timeline <> v_timeline OR (known.started <> v_started AND NOT (known.flushes AND v_flushes));
    IF NOT renewed AND p_generation = known.generation THEN
        -- What the node has seen last of its log must be there, unless the log was forgotten.
        SELECT c.birth, tidings.top_1(c.name) INTO v_birth, v_top FROM tidings.channels c WHERE c.name = p_channel;
        IF NOT FOUND THEN
            v_top := 0;
            v_birth := coalesce((SELECT f.times FROM tidings.forgotten f WHERE f.bucket = tidings.bucket_1(p_channel)), 0);
        END IF;
        renewed := v_birth = p_birth AND v_top < p_place;
    END IF;
    IF renewed THEN
        known.generation := encode(sha256(uuid_send(gen_random_uuid())), 'hex');
    END IF;
    -- A session that only reads can end no generation: it fails here. That the server was started anew without loss a later one notes.
    IF renewed OR (known.started <> v_started AND NOT v_reads) OR known.flushes <> v_flushes THEN
        UPDATE tidings.cluster c SET generation = known.generation, system = v_system, relation = v_relation, timeline = v_timeline, started = v_started, flushes = v_flushes;
    END IF;
    generation := known.generation;
    flushes := v_flushes;
    now := tidings.now_1();
END $$;

-- Ends a generation whose logs have less than was seen of them.
CREATE FUNCTION tidings.renew_1(p_generation text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tidings.cluster SET generation = encode(sha256(uuid_send(gen_random_uuid())), 'hex') WHERE generation = p_generation;
    RETURN FOUND;
END $$;

-- Gives messages their places, keeps them, and leaves word for every node: one step for all of it, one transaction by itself.
-- Locks only rows of channels, in the order of their names, for as long as it takes.
-- What transactions have committed for these channels before gets its places first.
-- p_*: the channels, distinct, in the order of their bytes; how many messages are kept of each, for how many milliseconds; how many keys its state may have (null: none) and bytes
-- m_*: the messages: which channel, what is done (0 kept, 1 said in passing, 2 sets a key, 3 takes one out), payload, key, hash of an idempotency key or null, milliseconds it is kept, whether it must survive a crash
-- m_event, m_told: the event that back ends are told, of what is kept without its id, place and time; and which of them, empty for none. p_told: the same for what is in the inbox, by channel
-- p_tries: whether another one that is at work on the inbox is left to it
-- p_from, p_running, p_since: where in the inbox something may wait, as first_1 takes it
-- births, places: of each channel; of each message (none: not looked at, as more is in the inbox than is taken at once; 0: in passing; -1: too many keys, -2: too many bytes, -3: not durable)
-- p_most, p_most_bytes: how much is taken from the inbox at once, in messages and in bytes (the last of them may go beyond)
-- taken: what was taken from the inbox; refused: how much of that had no room in a state; more: whether some of these channels was left there
CREATE FUNCTION tidings.publish_1(
    p_generation text, p_names text[], p_sizes integer[], p_ages bigint[], p_keys integer[], p_bytes bigint[],
    m_channel integer[], m_kind smallint[], m_payload bytea[], m_key bytea[], m_once bytea[], m_window bigint[], m_durable boolean[], m_event bytea[], m_told text[],
    p_told text[], p_tries boolean, p_from bigint, p_running bigint[], p_since bigint, p_most integer, p_most_bytes bigint,
    OUT births bigint[], OUT places bigint[], OUT taken integer, OUT refused integer, OUT more boolean)
LANGUAGE plpgsql AS $$
DECLARE
    v_kept text[];
    v_first bigint;
    v_tops bigint[];
    v_before bigint[];
    v_keys integer[];
    v_bytes bigint[];
    v_fresh boolean[];
    v_news bigint[];
    v_now bigint;
    v_count integer := coalesce(cardinality(m_channel), 0);
    i_channel integer[];
    i_kind smallint[];
    i_payload bytea[];
    i_key bytea[];
    i_once bytea[];
    v_c integer;
    v_place bigint;
    v_size bigint;
    v_old bigint;
    v_epoch text;
BEGIN
    -- Whoever follows the news asks who is at work here: what was not committed yet has a place in the news all the same.
    LOCK TABLE tidings.turns IN ROW EXCLUSIVE MODE;
    IF p_tries THEN
        PERFORM 1 FROM tidings.turns WHERE work = 'inbox' FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN;
        END IF;
    END IF;
    IF NOT EXISTS (SELECT FROM tidings.cluster WHERE generation = p_generation AND relation = tableoid AND timeline = tidings.timeline_1()) THEN
        RAISE EXCEPTION USING ERRCODE = 'TD001', MESSAGE = 'tidings: the logs belong to another generation';
    END IF;

    -- In what is only said in passing nothing is kept, unless transactions have published there before.
    v_first := (SELECT tidings.first_1(p_from, p_running, p_since));
    v_kept := CASE WHEN p_tries THEN p_names ELSE ARRAY(
        SELECT p_names[u.c] FROM (SELECT c, bool_or(k <> 1) AS kept FROM unnest(m_channel, m_kind) m(c, k) GROUP BY c) u
        WHERE u.kept OR (v_first IS NOT NULL AND EXISTS (SELECT FROM tidings.inbox i WHERE i.channel = p_names[u.c] AND i.id >= v_first)) ORDER BY u.c) END;

    -- Those that are missing first, and in order: whoever waits here holds nothing that anybody waits for who is further.
    LOOP
        INSERT INTO tidings.channels (name, birth, used)
            SELECT u.name, coalesce(f.times, 0), tidings.now_1()
            FROM unnest(v_kept) u(name) LEFT JOIN tidings.forgotten f ON f.bucket = tidings.bucket_1(u.name)
            WHERE NOT EXISTS (SELECT FROM tidings.channels c WHERE c.name = u.name)
            ORDER BY u.name COLLATE "C"
            ON CONFLICT (name) DO NOTHING;
        PERFORM 1 FROM tidings.channels c WHERE c.name = ANY (v_kept) ORDER BY c.name FOR UPDATE;
        SELECT array_agg(coalesce(c.birth, 0) ORDER BY u.n),
                array_agg(coalesce((SELECT m.place FROM tidings.messages m WHERE m.channel = c.name AND m.place > c.top ORDER BY m.place DESC LIMIT 1), c.top, 0) ORDER BY u.n),
                array_agg(coalesce(c.keys, 0) ORDER BY u.n), array_agg(coalesce(c.bytes, 0) ORDER BY u.n)
            INTO births, v_tops, v_keys, v_bytes
            FROM unnest(p_names) WITH ORDINALITY u(name, n) LEFT JOIN tidings.channels c ON c.name = u.name;
        EXIT WHEN (SELECT count(*) FROM tidings.channels c WHERE c.name = ANY (v_kept)) = cardinality(v_kept);
    END LOOP;
    v_before := v_tops;

    taken := 0;
    refused := 0;
    more := false;
    v_first := CASE WHEN cardinality(v_kept) > 0 THEN (SELECT tidings.first_1(p_from, p_running, p_since)) END;
    IF v_first IS NOT NULL THEN
        WITH first AS MATERIALIZED (
                SELECT o.id, octet_length(o.payload) AS size FROM tidings.inbox o WHERE o.channel = ANY (v_kept) AND o.id >= v_first ORDER BY o.id LIMIT p_most + 1),
            fitting AS MATERIALIZED (
                SELECT f.id FROM (SELECT id, row_number() OVER w AS number, sum(size) OVER w - size AS before FROM first WINDOW w AS (ORDER BY id)) f
                WHERE f.number <= p_most AND f.before < p_most_bytes),
            gone AS (DELETE FROM tidings.inbox i WHERE i.id IN (SELECT id FROM fitting) RETURNING i.*)
        SELECT array_agg(u.n ORDER BY g.id), array_agg((CASE WHEN p_keys[u.n] IS NULL OR g.key IS NULL THEN 0 WHEN g.removes THEN 3 ELSE 2 END)::smallint ORDER BY g.id),
            array_agg(g.payload ORDER BY g.id), array_agg(g.key ORDER BY g.id), array_agg(g.once ORDER BY g.id), count(*), (SELECT count(*) FROM first) > (SELECT count(*) FROM fitting)
            INTO i_channel, i_kind, i_payload, i_key, i_once, taken, more
            FROM gone g JOIN unnest(p_names) WITH ORDINALITY u(name, n) ON u.name = g.channel;
        -- What is left goes first, and what the node has comes after it.
        IF more THEN
            v_count := 0;
            m_channel := '{}'; m_kind := '{}'; m_payload := '{}'; m_key := '{}'; m_once := '{}'; m_window := '{}'; m_durable := '{}'; m_event := '{}'; m_told := '{}';
        END IF;
        IF taken > 0 THEN
            m_channel := i_channel || m_channel;
            m_kind := i_kind || m_kind;
            m_payload := i_payload || m_payload;
            m_key := i_key || m_key;
            m_once := i_once || m_once;
            m_window := array_fill(300000::bigint, ARRAY[taken]) || m_window;
            m_durable := array_fill(false, ARRAY[taken]) || m_durable;
            m_told := ARRAY(SELECT p_told[u.c] FROM unnest(i_channel) WITH ORDINALITY u(c, n) ORDER BY u.n) || m_told;
            m_event := ARRAY(
                SELECT CASE WHEN p_told[u.c] <> '' THEN tidings.event_1(p_names[u.c], u.payload) END FROM unnest(i_channel, i_payload) WITH ORDINALITY u(c, payload, n) ORDER BY u.n) || m_event;
        END IF;
    END IF;

    v_now := tidings.now_1();
    v_count := v_count + taken;
    IF v_count = 0 THEN
        RETURN;
    END IF;
    v_fresh := array_fill(false, ARRAY[v_count]);
    places := array_fill(0::bigint, ARRAY[v_count]);
    FOR n IN 1 .. v_count LOOP
        v_c := m_channel[n];
        IF m_kind[n] = 1 THEN
            v_fresh[n] := true;
            CONTINUE;
        END IF;
        IF m_durable[n] AND NOT tidings.flushes_1() THEN
            places[n] := -3;
            CONTINUE;
        END IF;
        IF m_once[n] IS NOT NULL THEN
            SELECT o.place INTO v_place FROM tidings.once o WHERE o.channel = p_names[v_c] AND o.key = m_once[n] AND o.until > v_now;
            IF FOUND THEN
                places[n] := v_place;
                CONTINUE;
            END IF;
        END IF;
        IF m_kind[n] > 1 THEN
            SELECT octet_length(s.key) + octet_length(s.payload) INTO v_old FROM tidings.state s WHERE s.channel = p_names[v_c] AND s.key = m_key[n];
            v_size := octet_length(m_key[n]) + octet_length(m_payload[n]);
            IF m_kind[n] = 2 AND v_old IS NULL AND v_keys[v_c] >= p_keys[v_c] THEN
                places[n] := -1;
                CONTINUE;
            END IF;
            IF m_kind[n] = 2 AND v_size > coalesce(v_old, 0) AND v_bytes[v_c] - coalesce(v_old, 0) + v_size > p_bytes[v_c] THEN
                places[n] := -2;
                CONTINUE;
            END IF;
            IF m_kind[n] = 2 THEN
                INSERT INTO tidings.state AS s (channel, key, place, at, payload) VALUES (p_names[v_c], m_key[n], v_tops[v_c] + 1, v_now, m_payload[n])
                    ON CONFLICT (channel, key) DO UPDATE SET place = excluded.place, at = excluded.at, payload = excluded.payload;
                v_keys[v_c] := v_keys[v_c] + CASE WHEN v_old IS NULL THEN 1 ELSE 0 END;
                v_bytes[v_c] := v_bytes[v_c] - coalesce(v_old, 0) + v_size;
            ELSIF v_old IS NOT NULL THEN
                DELETE FROM tidings.state s WHERE s.channel = p_names[v_c] AND s.key = m_key[n];
                v_keys[v_c] := v_keys[v_c] - 1;
                v_bytes[v_c] := v_bytes[v_c] - v_old;
            END IF;
        END IF;
        v_tops[v_c] := v_tops[v_c] + 1;
        places[n] := v_tops[v_c];
        v_fresh[n] := true;
        IF m_once[n] IS NOT NULL THEN
            INSERT INTO tidings.once (channel, key, place, until) VALUES (p_names[v_c], m_once[n], v_tops[v_c], v_now + m_window[n])
                ON CONFLICT (channel, key) DO UPDATE SET place = excluded.place, until = excluded.until;
        END IF;
    END LOOP;

    v_news := ARRAY(SELECT nextval('tidings.news') FROM generate_series(1, v_count));
    INSERT INTO tidings.messages (news, channel, place, birth, at, payload)
        SELECT u.news, p_names[u.c], u.place, births[u.c], v_now, u.payload
        FROM unnest(v_news, m_channel, places, v_fresh, m_payload) u(news, c, place, fresh, payload)
        WHERE u.fresh AND u.place > 0;
    IF 1 = ANY (m_kind) THEN
        INSERT INTO tidings.passing (news, channel, at, payload)
            SELECT u.news, p_names[u.c], v_now, u.payload
            FROM unnest(v_news, m_channel, m_kind, m_payload) u(news, c, kind, payload)
            WHERE u.kind = 1;
    END IF;
    UPDATE tidings.channels c
        SET size = u.size, floor = greatest(c.floor, u.before - c.size + 1), age = u.age, keys = u.keys, bytes = u.bytes
        FROM unnest(p_names, v_before, v_tops, p_sizes, p_ages, v_keys, v_bytes) u(name, before, top, size, age, keys, bytes)
        WHERE c.name = u.name AND u.top > u.before AND (c.size, c.age, c.keys, c.bytes) IS DISTINCT FROM (u.size, u.age, u.keys, u.bytes);
    FOR n IN 1 .. v_count LOOP
        CONTINUE WHEN m_told[n] = '' OR NOT v_fresh[n];
        IF places[n] = 0 THEN
            PERFORM tidings.tell_1(m_event[n], m_told[n]);
        ELSE
            v_epoch := tidings.epoch_1(p_generation, births[m_channel[n]], p_names[m_channel[n]]);
            PERFORM tidings.tell_1(
                convert_to('{"id":"' || left(encode(sha256(convert_to(p_names[m_channel[n]] || E'\n' || v_epoch || E'\n' || places[n], 'UTF8')), 'hex'), 24) || '",', 'UTF8')
                || m_event[n] || convert_to(',"epoch":"' || v_epoch || '","offset":' || places[n] || '},"time":' || v_now || '}', 'UTF8'), m_told[n]);
        END IF;
    END LOOP;
    IF taken > 0 THEN
        refused := (SELECT count(*) FROM unnest(places[1:taken]) p WHERE p < 0);
        places := places[taken + 1:];
    END IF;
END $$;

-- Reads logs, as many as are asked for at once, each as of one moment.
-- p_after, p_before: the places between which messages are wanted; p_last: those that are newest, and not those that are oldest; p_most: of each; p_state: whether the state is wanted
-- Rows: which of them, its birth and newest place; then of a message or, with a key, of an entry of the state: place, time, payload. One row without place for each log.
CREATE FUNCTION tidings.read_1(p_names text[], p_after bigint[], p_before bigint[], p_last boolean[], p_most integer[], p_state boolean[])
RETURNS TABLE (n integer, birth bigint, top bigint, place bigint, at bigint, payload bytea, key bytea)
LANGUAGE sql STABLE AS $$
    WITH asked AS MATERIALIZED (
        SELECT u.n::integer AS n, u.name, u.after, u.before, u.last, u.most, u.state, coalesce(c.birth, f.times, 0) AS birth, coalesce(t.top, 0) AS top,
            greatest(c.floor, t.top - c.size + 1, c.gone, 1) AS floor, (extract(epoch FROM clock_timestamp()) * 1000)::bigint - coalesce(c.age, 0) AS oldest, coalesce(c.keys, 0) AS keys
        FROM unnest(p_names, p_after, p_before, p_last, p_most, p_state) WITH ORDINALITY u(name, after, before, last, most, state, n)
        LEFT JOIN tidings.channels c ON c.name = u.name
        LEFT JOIN LATERAL (
            SELECT coalesce((SELECT m.place FROM tidings.messages m WHERE m.channel = c.name AND m.place > c.top ORDER BY m.place DESC LIMIT 1), c.top) AS top) t ON true
        LEFT JOIN tidings.forgotten f ON c.name IS NULL AND f.bucket = tidings.bucket_1(u.name))
    SELECT a.n, a.birth, a.top, NULL::bigint, NULL::bigint, NULL::bytea, NULL::bytea FROM asked a
    UNION ALL
    SELECT a.n, a.birth, a.top, m.place, m.at, m.payload, NULL::bytea
    FROM asked a, LATERAL (
        SELECT m.place, m.at, m.payload FROM tidings.messages m
        WHERE m.channel = a.name AND m.place > greatest(a.after, a.floor - 1) AND m.place < a.before AND m.at > a.oldest ORDER BY m.place LIMIT a.most) m
    WHERE NOT a.last AND a.most > 0 AND a.top > 0
    UNION ALL
    SELECT a.n, a.birth, a.top, m.place, m.at, m.payload, NULL::bytea
    FROM asked a, LATERAL (
        SELECT m.place, m.at, m.payload FROM tidings.messages m
        WHERE m.channel = a.name AND m.place > greatest(a.after, a.floor - 1) AND m.place < a.before AND m.at > a.oldest ORDER BY m.place DESC LIMIT a.most) m
    WHERE a.last AND a.most > 0 AND a.top > 0
    UNION ALL
    SELECT a.n, a.birth, a.top, s.place, s.at, s.payload, s.key
    FROM asked a JOIN tidings.state s ON s.channel = a.name
    WHERE a.state AND a.keys > 0
$$;

-- Erases a message, or with no place the log, which then begins anew.
CREATE FUNCTION tidings.erase_1(p_generation text, p_name text, p_birth bigint, p_place bigint, p_removed bytea, p_cleared bytea) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    known tidings.channels;
    v_count bigint := 0;
    v_size bigint;
    v_now bigint;
BEGIN
    LOCK TABLE tidings.turns IN ROW EXCLUSIVE MODE;
    IF NOT EXISTS (SELECT FROM tidings.cluster WHERE generation = p_generation AND relation = tableoid AND timeline = tidings.timeline_1()) THEN
        RAISE EXCEPTION USING ERRCODE = 'TD001', MESSAGE = 'tidings: the logs belong to another generation';
    END IF;
    PERFORM 1 FROM tidings.channels WHERE name = p_name FOR UPDATE;
    UPDATE tidings.channels SET top = tidings.top_1(name) WHERE name = p_name;
    SELECT * INTO known FROM tidings.channels WHERE name = p_name;
    known.floor := greatest(known.floor, known.top - known.size + 1);
    v_now := tidings.now_1();
    IF p_place IS NULL THEN
        DELETE FROM tidings.inbox WHERE channel = p_name;
        IF known.name IS NULL OR known.top = 0 THEN
            RETURN 0;
        END IF;
        SELECT count(*) INTO v_count FROM tidings.messages WHERE channel = p_name AND place >= known.floor AND at > v_now - known.age;
        DELETE FROM tidings.messages WHERE channel = p_name;
        DELETE FROM tidings.state WHERE channel = p_name;
        DELETE FROM tidings.once WHERE channel = p_name;
        DELETE FROM tidings.channels WHERE name = p_name;
        INSERT INTO tidings.forgotten AS f (bucket, times) VALUES (tidings.bucket_1(p_name), known.birth + 1)
            ON CONFLICT (bucket) DO UPDATE SET times = greatest(f.times + 1, excluded.times);
        INSERT INTO tidings.passing (news, channel, place, birth, at, payload)
            SELECT nextval('tidings.news'), p_name, 0, f.times, v_now, p_cleared FROM tidings.forgotten f WHERE f.bucket = tidings.bucket_1(p_name);
        RETURN v_count;
    END IF;
    IF known.name IS NULL OR known.birth <> p_birth OR p_place < 1 OR p_place > known.top THEN
        RETURN 0;
    END IF;
    DELETE FROM tidings.state s WHERE s.channel = p_name AND s.place = p_place RETURNING octet_length(s.key) + octet_length(s.payload) INTO v_size;
    IF FOUND THEN
        v_count := 1;
        UPDATE tidings.channels SET keys = keys - 1, bytes = bytes - v_size WHERE name = p_name;
    END IF;
    UPDATE tidings.messages SET payload = p_removed WHERE channel = p_name AND place = p_place AND place >= known.floor AND at > v_now - known.age AND payload <> p_removed;
    IF FOUND THEN
        v_count := 1;
    ELSE
        -- Those that are no longer kept wait for being deleted.
        DELETE FROM tidings.messages WHERE channel = p_name AND place = p_place AND payload <> p_removed AND (place < known.floor OR at <= v_now - known.age);
    END IF;
    IF v_count > 0 THEN
        INSERT INTO tidings.erased (news, channel, place, birth, at) VALUES (nextval('tidings.news'), p_name, p_place, known.birth, v_now);
        INSERT INTO tidings.passing (news, channel, place, birth, at, payload) VALUES (currval('tidings.news'), p_name, p_place, known.birth, v_now, p_removed);
    END IF;
    RETURN v_count;
END $$;

-- Writes of some logs what their messages say themselves: before some of them are deleted.
CREATE FUNCTION tidings.save_1(p_names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_names text[];
BEGIN
    v_names := ARRAY(
        SELECT c.name FROM tidings.channels c
        WHERE c.name = ANY (p_names) AND (EXISTS (SELECT FROM tidings.messages m WHERE m.channel = c.name AND m.place > c.top)
            OR coalesce((SELECT m.place FROM tidings.messages m WHERE m.channel = c.name AND m.place >= c.gone ORDER BY m.place LIMIT 1), c.top + 1) > c.gone)
        ORDER BY c.name FOR UPDATE);
    UPDATE tidings.channels c
        SET top = coalesce(l.place, c.top), used = greatest(c.used, l.at),
            gone = coalesce((SELECT m.place FROM tidings.messages m WHERE m.channel = c.name AND m.place >= c.gone ORDER BY m.place LIMIT 1), c.top + 1)
        FROM unnest(v_names) u(name) LEFT JOIN LATERAL (
            SELECT m.place, m.at FROM tidings.channels k JOIN tidings.messages m ON m.channel = k.name AND m.place > k.top WHERE k.name = u.name ORDER BY m.place DESC LIMIT 1) l ON true
        WHERE c.name = u.name;
END $$;

-- Deletes what is not kept of some logs, as far as every node has had time to hear it, and as it is written what is the newest of them.
CREATE FUNCTION tidings.trim_1(p_names text[], p_heard bigint, p_aged boolean) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_count integer;
    v_more integer := 0;
    v_now bigint := tidings.now_1();
BEGIN
    DELETE FROM tidings.messages m USING tidings.channels c
        WHERE c.name = ANY (p_names) AND m.channel = c.name AND m.place >= c.gone AND m.place < greatest(c.floor, c.top - c.size + 1) AND m.news <= p_heard;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF p_aged THEN
        DELETE FROM tidings.messages m
            USING tidings.channels c, LATERAL (
                SELECT coalesce((SELECT f.place FROM tidings.messages f WHERE f.channel = c.name AND f.place >= c.gone AND f.at > v_now - c.age ORDER BY f.place LIMIT 1), c.top + 1) AS fresh) l
            WHERE c.name = ANY (p_names) AND m.channel = c.name AND m.place >= c.gone AND m.place < l.fresh AND m.at <= v_now - c.age AND m.news <= p_heard;
        GET DIAGNOSTICS v_more = ROW_COUNT;
    END IF;
    RETURN v_count + v_more;
END $$;

-- Forgets logs in which nothing is kept, and that were unused for so long. Whoever is at work on one is left to it.
CREATE FUNCTION tidings.forget_1(p_names text[], p_unused bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    one record;
    v_count integer := 0;
BEGIN
    FOR one IN
        SELECT c.name, c.birth FROM tidings.channels c
        WHERE c.name = ANY (p_names) AND c.keys = 0 AND c.used < tidings.now_1() - p_unused - c.age
            AND NOT EXISTS (SELECT FROM tidings.messages m WHERE m.channel = c.name AND m.place >= c.gone)
            AND NOT EXISTS (SELECT FROM tidings.once o WHERE o.channel = c.name AND o.until > tidings.now_1())
        ORDER BY c.name FOR UPDATE SKIP LOCKED
    LOOP
        -- Somebody may have published there since they were looked for: the row was not written.
        CONTINUE WHEN EXISTS (SELECT FROM tidings.messages m JOIN tidings.channels c ON c.name = m.channel AND m.place >= c.gone WHERE c.name = one.name);
        INSERT INTO tidings.forgotten AS f (bucket, times) VALUES (tidings.bucket_1(one.name), one.birth + 1)
            ON CONFLICT (bucket) DO UPDATE SET times = greatest(f.times + 1, excluded.times);
        DELETE FROM tidings.once WHERE channel = one.name;
        DELETE FROM tidings.channels WHERE name = one.name;
        v_count := v_count + 1;
    END LOOP;
    RETURN v_count;
END $$;

-- Publishes when the transaction that calls it commits, and never where it rolls back. It takes no lock that others wait for, and returns nothing.
CREATE FUNCTION tidings.publish(channel text, data text, event text DEFAULT NULL, key text DEFAULT NULL, remove boolean DEFAULT false, idempotency_key text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_line json;
BEGIN
    IF channel IS NULL OR NOT tidings.is_name_1(channel) THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('tidings.publish: %L is no name of a channel: 1 to 255 bytes of letters and digits (Unicode''s form C) and _ . : - @ # $ & + , / ; = ~ !', left(channel, 100));
    END IF;
    IF remove AND key IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'tidings.publish: what is removed is named by its key';
    END IF;
    IF octet_length(convert_to(key, 'UTF8')) NOT BETWEEN 1 AND 128 THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'tidings.publish: a key must have 1 to 128 bytes';
    END IF;
    IF octet_length(convert_to(event, 'UTF8')) NOT BETWEEN 1 AND 200 OR event ~ '[[:cntrl:]\u2028\u2029]' THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'tidings.publish: the name of an event must have 1 to 200 bytes of printable text';
    END IF;
    IF char_length(idempotency_key) NOT BETWEEN 1 AND 1024 THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'tidings.publish: an idempotency key must have 1 to 1024 characters';
    END IF;
    IF NOT remove AND data IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'tidings.publish: there is no data; JSON''s null is ''null''';
    END IF;
    IF octet_length(data) > 16777216 THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'tidings.publish: data must have at most 16 MB';
    END IF;
    IF NOT remove THEN
        PERFORM data::json;
    END IF;
    v_line := json_strip_nulls(json_build_object('key', key, 'name', event, 'remove', CASE WHEN remove THEN true END));
    INSERT INTO tidings.inbox (transaction, channel, payload, key, removes, once) VALUES (
        pg_current_xact_id()::text::bigint,
        channel,
        convert_to(v_line::text || E'\n' || CASE WHEN remove THEN 'null' ELSE translate(data, E'\n\r', '  ') END, 'UTF8'),
        convert_to(key, 'UTF8'), remove, sha256(convert_to(idempotency_key, 'UTF8')));
END $$;

-- Publishes what an outbox would keep otherwise: with what feeds alone see, before which stand the transaction and the message's id in the inbox.
-- Answers false, and does nothing, where the logs of this database are not those.
CREATE FUNCTION tidings.publish_rows_1(p_generation text, p_channels text[], p_keys text[], p_data bytea[], p_hidden bytea[]) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_transaction bigint := pg_current_xact_id()::text::bigint;
    v_id bigint;
    v_line json;
BEGIN
    IF NOT EXISTS (SELECT FROM tidings.cluster WHERE generation = p_generation AND relation = tableoid) THEN
        RETURN false;
    END IF;
    FOR i IN 1 .. cardinality(p_channels) LOOP
        IF p_channels[i] IS NULL OR NOT tidings.is_name_1(p_channels[i]) OR octet_length(convert_to(p_keys[i], 'UTF8')) NOT BETWEEN 1 AND 128 OR p_data[i] IS NULL OR octet_length(p_data[i]) > 16777216 THEN
            RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('tidings.publish_rows: the message for %L has a channel, key or data that no message has', left(p_channels[i], 100));
        END IF;
        PERFORM convert_from(p_data[i], 'UTF8')::json;
        v_id := nextval('tidings.inbox_id_seq');
        v_line := json_strip_nulls(json_build_object('key', p_keys[i], 'hidden', translate(encode(int8send(v_transaction) || int8send(v_id) || p_hidden[i], 'base64'), E'\n', '')));
        INSERT INTO tidings.inbox (id, transaction, channel, payload, key) OVERRIDING SYSTEM VALUE
            VALUES (v_id, v_transaction, p_channels[i], convert_to(v_line::text || E'\n', 'UTF8') || p_data[i], convert_to(p_keys[i], 'UTF8'));
    END LOOP;
    RETURN true;
END $$;

-- The newest message of a channel that a snapshot sees in the inbox; null where there is none.
CREATE FUNCTION tidings.waiting_1(p_channel text) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (SELECT i.id FROM tidings.inbox i WHERE i.channel = p_channel ORDER BY i.id DESC LIMIT 1);

CREATE FUNCTION tidings.publish(channel text, data jsonb, event text DEFAULT NULL, key text DEFAULT NULL, remove boolean DEFAULT false, idempotency_key text DEFAULT NULL)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT tidings.publish(channel, data::text, event => event, key => key, remove => remove, idempotency_key => idempotency_key)
$$;

CREATE FUNCTION tidings.publish(channel text, data json, event text DEFAULT NULL, key text DEFAULT NULL, remove boolean DEFAULT false, idempotency_key text DEFAULT NULL)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT tidings.publish(channel, data::text, event => event, key => key, remove => remove, idempotency_key => idempotency_key)
$$;
