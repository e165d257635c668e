-- Streams of bytes: a head, and its bytes in parts.
CREATE TABLE tidings.streams (
    name text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    head bytea NOT NULL,
    length bigint NOT NULL,
    deadline bigint                 -- when its time is over, Unix milliseconds; null for never
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX streams_deadline ON tidings.streams (deadline) WHERE deadline IS NOT NULL;

CREATE TABLE tidings.stream_parts (
    name text COLLATE "C" NOT NULL,
    start bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (name, start)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- What all that somebody wrote counts for, and (with an empty owner) all of all. In several rows, so that not every write waits for every other.
CREATE TABLE tidings.stream_sums (
    owner text COLLATE "C" NOT NULL,
    bucket integer NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (owner, bucket)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- Counts what each has more ('' for the server), in the order of names, so that nobody waits for somebody who waits.
CREATE FUNCTION tidings.count_stream_1(p_name text, p_owners text[], p_mores bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO tidings.stream_sums AS s (owner, bucket, bytes)
        SELECT c.owner, tidings.bucket_1(p_name) & 15, c.more FROM (
            SELECT '' AS owner, sum(more) AS more FROM unnest(p_mores) AS more
            UNION ALL SELECT owner, more FROM unnest(p_owners, p_mores) AS u(owner, more) WHERE owner <> '') c
        WHERE c.more <> 0 ORDER BY c.owner COLLATE "C"
        ON CONFLICT (owner, bucket) DO UPDATE SET bytes = s.bytes + excluded.bytes
$$;

-- Puts a stream in the place of its former version (0: there must be none), with bytes behind those that it had.
-- p_owners and p_mores: whose shares change, and by how much. Answers 1; 0 where there is another version, 2 where there is no room, 3 where a writer has none
CREATE FUNCTION tidings.put_stream_1(
    p_name text, p_former bigint, p_version bigint, p_head bytea, p_bytes bytea, p_length bigint, p_owners text[], p_mores bigint[], p_most bigint, p_deadline bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    known tidings.streams;
    v_free bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_name, 10));
    SELECT * INTO known FROM tidings.streams WHERE name = p_name;
    IF coalesce(known.version, 0) <> p_former THEN
        RETURN 0;
    END IF;
    IF 0 < ANY(p_mores) THEN
        v_free := p_most - coalesce((SELECT sum(bytes) FROM tidings.stream_sums WHERE owner = ''), 0);
        IF v_free < ANY(p_mores) THEN
            RETURN 2;
        END IF;
        IF EXISTS (
            SELECT FROM unnest(p_owners, p_mores) AS u(owner, more)
            WHERE u.owner <> '' AND u.more > 0 AND u.more + coalesce((SELECT sum(s.bytes) FROM tidings.stream_sums s WHERE s.owner = u.owner), 0) > v_free) THEN
            RETURN 3;
        END IF;
    END IF;
    IF p_length = 0 THEN
        DELETE FROM tidings.stream_parts WHERE name = p_name;
    ELSIF octet_length(p_bytes) > 0 THEN
        -- Short ones go into the last part.
        UPDATE tidings.stream_parts SET bytes = bytes || p_bytes
            WHERE name = p_name AND start = (SELECT max(start) FROM tidings.stream_parts WHERE name = p_name) AND octet_length(bytes) + octet_length(p_bytes) <= 4096;
        IF NOT FOUND THEN
            INSERT INTO tidings.stream_parts (name, start, bytes) VALUES (p_name, p_length - octet_length(p_bytes), p_bytes);
        END IF;
    END IF;
    INSERT INTO tidings.streams (name, version, head, length, deadline) VALUES (p_name, p_version, p_head, p_length, p_deadline)
        ON CONFLICT (name) DO UPDATE SET version = excluded.version, head = excluded.head, length = excluded.length, deadline = excluded.deadline;
    PERFORM tidings.count_stream_1(p_name, p_owners, p_mores);
    RETURN 1;
END $$;

CREATE FUNCTION tidings.remove_stream_1(p_name text, p_version bigint, p_owners text[], p_mores bigint[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_name, 10));
    DELETE FROM tidings.streams WHERE name = p_name AND version = p_version;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM tidings.stream_parts WHERE name = p_name;
    PERFORM tidings.count_stream_1(p_name, p_owners, p_mores);
    RETURN true;
END $$;

-- Reads so many bytes of a stream from a place on, as of one moment.
CREATE FUNCTION tidings.read_stream_1(p_name text, p_from bigint, p_most bigint) RETURNS TABLE (version bigint, head bytea, bytes bytea) LANGUAGE sql STABLE AS $$
    SELECT s.version, s.head, coalesce(CASE WHEN p_most > 0 THEN (
        SELECT string_agg(substring(p.bytes FROM greatest(p_from - p.start, 0)::integer + 1 FOR (least(p_from + p_most, p.start + octet_length(p.bytes)) - greatest(p_from, p.start))::integer), ''::bytea ORDER BY p.start)
        FROM tidings.stream_parts p
        WHERE p.name = p_name AND p.start < p_from + p_most AND p.start >= coalesce((SELECT max(b.start) FROM tidings.stream_parts b WHERE b.name = p_name AND b.start <= p_from), 0)
            AND p.start + octet_length(p.bytes) > p_from) END, ''::bytea)
    FROM tidings.streams s WHERE s.name = p_name
$$;
