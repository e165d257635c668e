-- Events for back ends: one queue for each receiver, and what nodes hold under their leases, with what is to be told in their place.
-- Whoever adds to queues does so alone, so that what is read in the order of places misses nothing.
CREATE TABLE tidings.receivers (
    id text COLLATE "C" PRIMARY KEY,
    newest bigint NOT NULL DEFAULT 0,   -- the place of the newest event
    events bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    trimmed bigint NOT NULL DEFAULT 0,  -- how many were dropped that it was not told of
    ended boolean NOT NULL DEFAULT false,
    state text,
    holder text,
    until bigint NOT NULL DEFAULT 0,
    followed bigint NOT NULL DEFAULT 0,
    retries boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

CREATE TABLE tidings.events (
    receiver text COLLATE "C" NOT NULL,
    place bigint NOT NULL,
    event bytea NOT NULL,
    PRIMARY KEY (receiver, place)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

-- With an empty key: that it is known what the node holds.
CREATE TABLE tidings.held (
    key text COLLATE "C" NOT NULL,
    lease text NOT NULL,
    receivers text NOT NULL,
    will bytea NOT NULL,
    PRIMARY KEY (key, lease)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
CREATE INDEX held_lease ON tidings.held (lease);

CREATE TABLE tidings.batches (
    node text PRIMARY KEY,
    number bigint NOT NULL,
    at bigint NOT NULL
);

-- What queues may hold, as the nodes said last.
CREATE TABLE tidings.queue_limits (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    events bigint NOT NULL,
    bytes bigint NOT NULL
);

-- Adds an event to the queues of those who are told. The oldest go where a queue is full.
CREATE FUNCTION tidings.tell_1(p_event bytea, p_receivers text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_id text;
    v_row tidings.receivers;
    v_limits tidings.queue_limits;
    v_size bigint;
BEGIN
    IF p_receivers = '' OR octet_length(p_event) = 0 THEN
        RETURN;
    END IF;
    PERFORM 1 FROM tidings.turns WHERE work = 'events' FOR UPDATE;
    SELECT * INTO v_limits FROM tidings.queue_limits;
    FOREACH v_id IN ARRAY string_to_array(p_receivers, ',') LOOP
        INSERT INTO tidings.receivers AS r (id, newest, events, bytes) VALUES (v_id, 1, 1, octet_length(p_event))
            ON CONFLICT (id) DO UPDATE SET newest = r.newest + 1, events = r.events + 1, bytes = r.bytes + excluded.bytes WHERE NOT r.ended
            RETURNING * INTO v_row;
        CONTINUE WHEN NOT FOUND;
        INSERT INTO tidings.events (receiver, place, event) VALUES (v_id, v_row.newest, p_event);
        WHILE v_row.events > 1 AND (v_row.events > coalesce(v_limits.events, 100000) OR v_row.bytes > coalesce(v_limits.bytes, 67108864)) LOOP
            DELETE FROM tidings.events e WHERE e.receiver = v_id AND e.place = (SELECT o.place FROM tidings.events o WHERE o.receiver = v_id ORDER BY o.place LIMIT 1)
                RETURNING octet_length(e.event) INTO v_size;
            UPDATE tidings.receivers SET events = events - 1, bytes = bytes - v_size, trimmed = trimmed + 1 WHERE id = v_id RETURNING * INTO v_row;
        END LOOP;
    END LOOP;
END $$;

-- Applies changes of a node to what nodes hold, and adds what they tell: a batch once.
-- p_number: of the batch (0: it has none); p_all: it says all that the node holds; p_kinds: t (told), h (held), r (released), w (released, and its will told)
-- Answers ended where the lease does not hold, forgotten where it is not known what the node holds, else added
CREATE FUNCTION tidings.add_events_1(
    p_lease text, p_node text, p_number bigint, p_all boolean, p_kinds text[], p_keys text[], p_events bytea[], p_receivers text[], p_wills bytea[], p_will_receivers text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_left tidings.held;
    v_others boolean;
BEGIN
    PERFORM 1 FROM tidings.turns WHERE work = 'events' FOR UPDATE;
    PERFORM 1 FROM tidings.nodes WHERE lease = p_lease AND NOT swept FOR SHARE;
    IF NOT FOUND THEN
        RETURN 'ended';
    END IF;
    IF p_number > 0 AND EXISTS (SELECT FROM tidings.batches WHERE node = p_node AND number >= p_number) THEN
        RETURN 'added';
    END IF;
    IF p_all THEN
        INSERT INTO tidings.held (key, lease, receivers, will) VALUES ('', p_lease, '', '') ON CONFLICT DO NOTHING;
    ELSIF NOT EXISTS (SELECT FROM tidings.held WHERE key = '' AND lease = p_lease) AND EXISTS (SELECT FROM unnest(p_kinds) k WHERE k <> 't') THEN
        RETURN 'forgotten';
    END IF;
    FOR i IN 1 .. coalesce(cardinality(p_kinds), 0) LOOP
        IF p_kinds[i] = 't' THEN
            PERFORM tidings.tell_1(p_events[i], p_receivers[i]);
            CONTINUE;
        END IF;
        -- A connection is held by one node alone.
        v_others := left(p_keys[i], 1) <> 'c' AND EXISTS (SELECT FROM tidings.held h JOIN tidings.nodes n USING (lease) WHERE h.key = p_keys[i] AND h.lease <> p_lease);
        IF p_kinds[i] = 'h' THEN
            INSERT INTO tidings.held (key, lease, receivers, will) VALUES (p_keys[i], p_lease, p_will_receivers[i], p_wills[i]) ON CONFLICT DO NOTHING;
            IF FOUND AND NOT v_others THEN
                PERFORM tidings.tell_1(p_events[i], p_receivers[i]);
            END IF;
        ELSE
            DELETE FROM tidings.held h WHERE h.key = p_keys[i] AND h.lease = p_lease RETURNING * INTO v_left;
            IF FOUND AND NOT v_others THEN
                IF p_kinds[i] = 'w' THEN
                    PERFORM tidings.tell_1(v_left.will || convert_to(',"time":' || tidings.now_1() || '}', 'UTF8'), v_left.receivers);
                ELSE
                    PERFORM tidings.tell_1(p_events[i], p_receivers[i]);
                END IF;
            END IF;
        END IF;
    END LOOP;
    IF p_number > 0 THEN
        INSERT INTO tidings.batches (node, number, at) VALUES (p_node, p_number, tidings.now_1()) ON CONFLICT (node) DO UPDATE SET number = excluded.number, at = excluded.at;
        DELETE FROM tidings.batches WHERE at < tidings.now_1() - 172800000;
    END IF;
    PERFORM tidings.say_1(E'\u0003events', '');
    RETURN 'added';
END $$;

-- Tells the wills of what a node held whose lease has ended, some at once. Answers whether all are told.
CREATE FUNCTION tidings.sweep_events_1(p_lease text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    one tidings.held;
BEGIN
    IF NOT EXISTS (SELECT FROM tidings.held WHERE lease = p_lease) THEN
        RETURN true;
    END IF;
    PERFORM set_config('synchronous_commit', 'on', true);
    PERFORM 1 FROM tidings.turns WHERE work = 'events' FOR UPDATE;
    FOR one IN DELETE FROM tidings.held h WHERE h.lease = p_lease AND h.key IN (SELECT k.key FROM tidings.held k WHERE k.lease = p_lease LIMIT 200) RETURNING h.* LOOP
        IF one.key <> '' AND (left(one.key, 1) = 'c' OR NOT EXISTS (SELECT FROM tidings.held h JOIN tidings.nodes n USING (lease) WHERE h.key = one.key AND h.lease <> p_lease)) THEN
            PERFORM tidings.tell_1(one.will || convert_to(',"time":' || tidings.now_1() || '}', 'UTF8'), one.receivers);
        END IF;
    END LOOP;
    PERFORM tidings.say_1(E'\u0003events', '');
    RETURN NOT EXISTS (SELECT FROM tidings.held WHERE lease = p_lease);
END $$;

-- Takes, renews or (for 0 ms) gives up the right to deliver to a receiver.
CREATE FUNCTION tidings.hold_1(p_receiver text, p_node text, p_life bigint, p_state text, OUT holds boolean, OUT retries boolean, OUT followed boolean) LANGUAGE plpgsql AS $$
DECLARE
    v_now bigint := tidings.now_1();
    known tidings.receivers;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO tidings.receivers (id) VALUES (p_receiver) ON CONFLICT DO NOTHING;
    SELECT * INTO known FROM tidings.receivers WHERE id = p_receiver FOR UPDATE;
    holds := known.holder IS NULL OR known.holder = p_node OR known.until <= v_now OR known.until > v_now + 60000;
    retries := false;
    followed := false;
    IF holds THEN
        retries := known.retries AND p_life > 0;
        followed := known.followed > v_now;
        UPDATE tidings.receivers SET holder = CASE WHEN p_life > 0 THEN p_node END, until = v_now + p_life, state = CASE WHEN p_life > 0 THEN p_state ELSE state END, retries = CASE WHEN p_life > 0 THEN false ELSE receivers.retries END
            WHERE id = p_receiver;
        holds := p_life > 0;
    END IF;
END $$;

-- Takes events out of a queue. Answers how many were there.
CREATE FUNCTION tidings.remove_events_1(p_receiver text, p_places bigint[], p_trimmed bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_count integer;
    v_bytes bigint;
BEGIN
    PERFORM 1 FROM tidings.turns WHERE work = 'events' FOR UPDATE;
    WITH gone AS (DELETE FROM tidings.events WHERE receiver = p_receiver AND place = ANY (p_places) RETURNING octet_length(event) AS size)
    SELECT count(*), coalesce(sum(size), 0) INTO v_count, v_bytes FROM gone;
    UPDATE tidings.receivers SET events = events - v_count, bytes = bytes - v_bytes, trimmed = greatest(0, trimmed + p_trimmed) WHERE id = p_receiver;
    RETURN v_count;
END $$;
