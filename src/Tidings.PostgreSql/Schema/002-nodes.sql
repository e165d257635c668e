-- What nodes have, each as long as its lease holds; and what is small and shared.
-- A lease holds as long as its row stands here. Whoever sees that one was not renewed for long enough by a clock of its own takes it out, with all that stood under it.
CREATE TABLE tidings.nodes (
    lease text PRIMARY KEY,
    node text NOT NULL,
    beats bigint NOT NULL DEFAULT 0,    -- how often it was renewed
    leaves bigint,                      -- when the node has gone that said so itself, Unix milliseconds
    swept boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- Who listens where, by which node's lease.
CREATE TABLE tidings.present (
    channel text COLLATE "C" NOT NULL,
    member bytea NOT NULL,
    lease text NOT NULL,
    connections integer NOT NULL,
    stamp bigint NOT NULL,              -- when it was said, in an order that all nodes share; 0 where nothing was
    said bytea NOT NULL,                -- what its connections there said last, as JSON
    PRIMARY KEY (channel, member, lease)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
CREATE INDEX present_lease ON tidings.present (lease);

-- What others were told of a member.
CREATE TABLE tidings.members (
    channel text COLLATE "C" NOT NULL,
    member bytea NOT NULL,
    names bytea NOT NULL,               -- the member's names as JSON, without the end
    tracked boolean NOT NULL,
    alone boolean NOT NULL,             -- whether it is one connection
    shown bytea NOT NULL,
    vouched bytea NOT NULL,
    PRIMARY KEY (channel, member)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

CREATE TABLE tidings.clients (
    name text COLLATE "C" NOT NULL,
    lease text NOT NULL,
    claim bigint NOT NULL,
    standing integer NOT NULL,          -- what right to the name those have who have it
    PRIMARY KEY (name, lease)
);
CREATE INDEX clients_lease ON tidings.clients (lease);
CREATE SEQUENCE tidings.claims;

CREATE TABLE tidings.counted (
    who text COLLATE "C" NOT NULL,
    lease text NOT NULL,
    connections integer NOT NULL,
    PRIMARY KEY (who, lease)
);
CREATE INDEX counted_lease ON tidings.counted (lease);

CREATE TABLE tidings.seen (
    who text COLLATE "C" PRIMARY KEY,
    at bigint NOT NULL
);
CREATE INDEX seen_at ON tidings.seen (at);

CREATE TABLE tidings.revoked (
    id bytea PRIMARY KEY,               -- a hash of what was revoked
    at bigint NOT NULL,
    content bytea NOT NULL
);
CREATE INDEX revoked_at ON tidings.revoked (at);

CREATE TABLE tidings.secrets (
    kind smallint NOT NULL,
    hash bytea NOT NULL,
    who text COLLATE "C" NOT NULL,
    used bigint NOT NULL,
    until bigint NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (kind, hash)
);
CREATE INDEX secrets_who ON tidings.secrets (kind, who, used);
CREATE INDEX secrets_until ON tidings.secrets (until);

CREATE TABLE tidings.tasks (
    id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    due bigint NOT NULL,
    record bytea NOT NULL
);
CREATE INDEX tasks_due ON tidings.tasks (due);

-- Says something in passing, within a step that does something else.
CREATE FUNCTION tidings.say_1(p_channel text, p_payload bytea) RETURNS void LANGUAGE sql VOLATILE AS $$
    LOCK TABLE tidings.turns IN ROW EXCLUSIVE MODE;
    INSERT INTO tidings.passing (news, channel, at, payload) VALUES (nextval('tidings.news'), p_channel, tidings.now_1(), p_payload)
$$;

-- Renews a lease, or begins it. Answers whether it holds, and what the others are like: lease, beats, and whether the node has gone by itself.
CREATE FUNCTION tidings.lease_1(p_lease text, p_node text, p_begins boolean) RETURNS TABLE (lease text, node text, beats bigint, gone boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    IF p_begins THEN
        INSERT INTO tidings.nodes (lease, node) VALUES (p_lease, p_node);
    ELSE
        UPDATE tidings.nodes n SET beats = n.beats + 1 WHERE n.lease = p_lease AND NOT n.swept;
        IF NOT FOUND THEN
            RETURN;
        END IF;
    END IF;
    RETURN QUERY SELECT n.lease, n.node, n.beats, coalesce(n.leaves <= tidings.now_1(), false) FROM tidings.nodes n;
END $$;

-- Says how a member is there by a node, or (without connections) that it is not any more; tells those who watch.
-- p_stamp: when it was said; 0: it is not known; -1: just now
-- Answers when it was said, in an order that all nodes share; 0 where nothing was; -1 where the lease does not hold
CREATE FUNCTION tidings.present_1(
    p_lease text, p_channel text, p_member bytea, p_names bytea, p_connections integer, p_stamp bigint, p_said bytea, p_vouched bytea, p_tracked boolean, p_alone boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_there boolean;
    v_sum bigint;
    v_newest bigint := 0;
    v_latest bytea := '';
    v_at bigint := 0;
    v_old tidings.members;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(hashtextextended(p_channel || E'\n' || encode(p_member, 'hex'), 7));
    IF p_connections IS NOT NULL AND NOT EXISTS (SELECT FROM tidings.nodes WHERE lease = p_lease AND NOT swept) THEN
        RETURN -1;
    END IF;
    SELECT count(*) > 0, coalesce(sum(connections), 0) INTO v_there, v_sum FROM tidings.present WHERE channel = p_channel AND member = p_member AND lease <> p_lease;
    SELECT stamp, said INTO v_newest, v_latest FROM tidings.present
        WHERE channel = p_channel AND member = p_member AND lease <> p_lease AND connections > 0 AND stamp > 0 ORDER BY stamp DESC LIMIT 1;
    v_newest := coalesce(v_newest, 0);
    v_latest := coalesce(v_latest, '');
    IF p_connections IS NULL THEN
        DELETE FROM tidings.present WHERE channel = p_channel AND member = p_member AND lease = p_lease;
    ELSE
        v_there := true;
        IF octet_length(p_said) > 0 THEN
            v_at := p_stamp;
            IF v_at = 0 THEN
                v_at := coalesce((SELECT stamp FROM tidings.present WHERE channel = p_channel AND member = p_member AND lease = p_lease AND said = p_said), 0);
            END IF;
            IF v_at <= 0 THEN
                v_at := greatest((extract(epoch FROM clock_timestamp()) * 1000000)::bigint, v_newest + 1);
            END IF;
        END IF;
        INSERT INTO tidings.present (channel, member, lease, connections, stamp, said) VALUES (p_channel, p_member, p_lease, p_connections, v_at, p_said)
            ON CONFLICT (channel, member, lease) DO UPDATE SET connections = excluded.connections, stamp = excluded.stamp, said = excluded.said;
        v_sum := v_sum + p_connections;
        IF p_connections > 0 AND v_at > v_newest THEN
            v_latest := p_said;
        END IF;
    END IF;
    SELECT * INTO v_old FROM tidings.members WHERE channel = p_channel AND member = p_member;
    IF v_old.channel IS NOT NULL AND NOT v_there THEN
        DELETE FROM tidings.members WHERE channel = p_channel AND member = p_member;
        PERFORM tidings.tell_member_1('leave', 0, v_old);
        RETURN 0;
    END IF;
    IF NOT v_there OR (p_connections IS NULL AND v_old.channel IS NULL) THEN
        RETURN 0;
    END IF;
    IF v_old.channel IS NULL THEN
        v_old := ROW(p_channel, p_member, p_names, p_tracked, p_alone, v_latest, p_vouched);
        INSERT INTO tidings.members SELECT v_old.*;
        PERFORM tidings.tell_member_1('join', v_sum, v_old);
    ELSIF v_old.tracked AND v_sum > 0 AND v_latest <> v_old.shown THEN
        -- With no connection left it says what it said: all of it may come back.
        v_old.shown := v_latest;
        UPDATE tidings.members SET shown = v_latest WHERE channel = p_channel AND member = p_member;
        PERFORM tidings.tell_member_1('update', v_sum, v_old);
    END IF;
    RETURN v_at;
END $$;

CREATE FUNCTION tidings.tell_member_1(p_what text, p_connections bigint, p_member tidings.members) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_info bytea := CASE WHEN p_member.tracked THEN p_member.shown ELSE p_member.vouched END;
BEGIN
    PERFORM tidings.say_1(
        E'\u0001' || p_member.channel,
        convert_to('{"event":"' || p_what || E'"}\n', 'UTF8') || p_member.names
        || CASE WHEN p_member.alone THEN '' ELSE convert_to(',"connections":' || p_connections, 'UTF8') END
        || CASE WHEN octet_length(v_info) = 0 THEN '' ELSE convert_to(',"info":', 'UTF8') || v_info END
        || CASE WHEN NOT p_member.tracked OR octet_length(p_member.vouched) = 0 THEN '' ELSE convert_to(',"user_info":', 'UTF8') || p_member.vouched END
        || convert_to('}', 'UTF8'));
END $$;

-- Takes a client's name for a node: answers the claim, which is larger than any before; 0 where another node has the name and keeps it; -1 where another node's client has a better right.
CREATE FUNCTION tidings.claim_1(p_lease text, p_ended text, p_name text, p_duplicates text, p_again boolean, p_standing integer, p_node text, p_mark text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_others boolean;
    v_best integer;
    v_claim bigint;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(hashtextextended(p_name, 8));
    DELETE FROM tidings.clients c WHERE c.name = p_name AND (c.lease = p_ended OR (c.lease <> p_lease AND NOT EXISTS (SELECT FROM tidings.nodes n WHERE n.lease = c.lease)));
    SELECT count(*) FILTER (WHERE c.lease <> p_lease) > 0, coalesce(max(c.standing), 0) INTO v_others, v_best FROM tidings.clients c WHERE c.name = p_name;
    IF v_others AND v_best > p_standing THEN
        RETURN -1;
    END IF;
    IF v_others AND v_best = p_standing AND (p_duplicates = 'Refuse' OR (p_duplicates = 'Replace' AND p_again)) THEN
        RETURN 0;
    END IF;
    v_claim := nextval('tidings.claims');
    IF v_others AND (v_best < p_standing OR p_duplicates = 'Replace') THEN
        DELETE FROM tidings.clients c WHERE c.name = p_name;
        PERFORM tidings.say_1(E'\u0003clients', convert_to('replaced ' || p_node || ' ' || v_claim || E'\n' || p_name || p_mark, 'UTF8'));
    END IF;
    INSERT INTO tidings.clients (name, lease, claim, standing) VALUES (p_name, p_lease, v_claim, greatest(v_best, p_standing))
        ON CONFLICT (name, lease) DO UPDATE SET claim = excluded.claim, standing = excluded.standing;
    RETURN v_claim;
END $$;

-- Gives a client's name back, and tells all nodes where it was the last one that had it.
CREATE FUNCTION tidings.release_1(p_lease text, p_claim bigint, p_name text, p_word text, p_node text, p_mark text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(hashtextextended(p_name, 8));
    DELETE FROM tidings.clients c WHERE c.name = p_name AND c.lease = p_lease AND (p_claim IS NULL OR c.claim = p_claim);
    IF NOT FOUND OR EXISTS (SELECT FROM tidings.clients c JOIN tidings.nodes n USING (lease) WHERE c.name = p_name) THEN
        RETURN false;
    END IF;
    DELETE FROM tidings.clients c WHERE c.name = p_name;
    PERFORM tidings.say_1(E'\u0003clients', convert_to(p_word || ' ' || p_node || E' 0\n' || p_name || p_mark, 'UTF8'));
    RETURN true;
END $$;

-- Counts a connection of a user, unless there are as many as there may be on all nodes.
CREATE FUNCTION tidings.enter_1(p_lease text, p_who text, p_here integer, p_limit integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(hashtextextended(p_who, 9));
    IF p_here + coalesce((SELECT sum(c.connections) FROM tidings.counted c JOIN tidings.nodes n USING (lease) WHERE c.who = p_who AND c.lease <> p_lease), 0) > p_limit THEN
        RETURN false;
    END IF;
    INSERT INTO tidings.counted (who, lease, connections) VALUES (p_who, p_lease, p_here) ON CONFLICT (who, lease) DO UPDATE SET connections = excluded.connections;
    RETURN true;
END $$;

CREATE FUNCTION tidings.count_1(p_lease text, p_who text, p_here integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    IF p_here > 0 THEN
        INSERT INTO tidings.counted (who, lease, connections) VALUES (p_who, p_lease, p_here) ON CONFLICT (who, lease) DO UPDATE SET connections = excluded.connections;
    ELSE
        DELETE FROM tidings.counted WHERE who = p_who AND lease = p_lease;
    END IF;
END $$;

-- Takes out a part of what stood under a lease that ended: once it has begun the lease does not come back. Answers what is to be told of clients' names, and whether anything is left.
CREATE FUNCTION tidings.sweep_1(p_lease text, p_beats bigint, p_node text, OUT names text[], OUT more boolean) LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    more := false;
    UPDATE tidings.nodes SET swept = true WHERE lease IN (SELECT n.lease FROM tidings.nodes n WHERE n.lease = p_lease AND (n.beats = p_beats OR n.swept) FOR UPDATE SKIP LOCKED);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    FOR one IN SELECT p.channel, p.member FROM tidings.present p WHERE p.lease = p_lease ORDER BY hashtextextended(p.channel || E'\n' || encode(p.member, 'hex'), 7) LIMIT 500 LOOP
        PERFORM tidings.present_1(p_lease, one.channel, one.member, '', NULL, 0, '', '', false, false);
        more := true;
    END LOOP;
    DELETE FROM tidings.counted WHERE lease = p_lease;
    names := ARRAY(SELECT c.name FROM tidings.clients c WHERE c.lease = p_lease LIMIT 500);
    IF cardinality(names) > 0 OR more THEN
        more := true;
        RETURN;
    END IF;
    IF NOT tidings.sweep_events_1(p_lease) THEN
        more := true;
        RETURN;
    END IF;
    DELETE FROM tidings.nodes WHERE lease = p_lease;
END $$;

-- Keeps what was revoked, and tells all nodes.
CREATE FUNCTION tidings.revoke_1(p_ids bytea[], p_ats bigint[], p_contents bytea[], p_most integer, p_told bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tidings.revoked AS r (id, at, content) SELECT u.id, u.at, u.content FROM unnest(p_ids, p_ats, p_contents) u(id, at, content) ORDER BY u.id
        ON CONFLICT (id) DO UPDATE SET at = excluded.at, content = excluded.content WHERE excluded.at > r.at;
    IF (SELECT count(*) FROM tidings.revoked) > p_most THEN
        DELETE FROM tidings.revoked r WHERE r.at < (SELECT o.at FROM tidings.revoked o ORDER BY o.at DESC OFFSET p_most LIMIT 1);
    END IF;
    PERFORM tidings.say_1(E'\u0003revoked', p_told);
END $$;

-- Keeps what a ticket or pass stands for; over a user's share its oldest go. Answers false where there is one of that name.
CREATE FUNCTION tidings.secret_1(p_kind smallint, p_hash bytea, p_who text, p_life bigint, p_share integer, p_content bytea) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_now bigint := tidings.now_1();
BEGIN
    DELETE FROM tidings.secrets WHERE kind = p_kind AND hash = p_hash AND until <= v_now;
    INSERT INTO tidings.secrets (kind, hash, who, used, until, content) VALUES (p_kind, p_hash, p_who, v_now, v_now + p_life, p_content) ON CONFLICT (kind, hash) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM tidings.secrets WHERE kind = p_kind AND hash IN (SELECT s.hash FROM tidings.secrets s WHERE s.kind = p_kind AND s.who = p_who ORDER BY s.used DESC, s.hash OFFSET p_share);
    RETURN true;
END $$;
