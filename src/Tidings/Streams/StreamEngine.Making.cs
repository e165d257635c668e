using System.Security.Cryptography;

namespace Tidings.Streams;

internal sealed partial class StreamEngine
{
    // Positions of streams from which a fork is farther away are those of strangers.
    private const int MostOrigins = 16;

    /// <summary>Makes a stream, or says why not. One that is there as it was to be is no fault.</summary>
    public async ValueTask<StreamCreated> CreateAsync(string name, StreamCreation creation)
    {
        if (await FindExistingAsync(name).ConfigureAwait(false) is { } there)
        {
            return JudgeExisting(there, creation);
        }

        return creation.Fork is { } fork ? await ForkAsync(name, creation, fork).ConfigureAwait(false) : await MakeAsync(name, creation, [], creation.Bytes).ConfigureAwait(false);
    }

    // Whatever its time is: one that is over makes room.
    private async ValueTask<StreamHead?> FindExistingAsync(string name)
    {
        while (await _store.ReadAsync(name, 0, 0).ConfigureAwait(false) is { Head: var head })
        {
            if (!head.HasExpired(_clock.Now))
            {
                return head;
            }

            await DeleteAsync(name, found => found.HasExpired(_clock.Now)).ConfigureAwait(false);
        }

        return null;
    }

    private static StreamCreated JudgeExisting(StreamHead there, StreamCreation creation) => new(
        !there.IsGone
        && (creation.Fork is not null && creation.ContentType is null ? true : StreamContentType.AreSame(creation.ContentType ?? StreamContentType.Binary, there.ContentType))
        && there.IsClosed == creation.IsClosed
        && there.Fork == creation.Fork
        && (creation.Fork is null || creation.Ttl is not null || creation.Expires is not null ? there.Ttl == creation.Ttl && there.ExpiresAt == creation.ExpiresAt : true)
            ? StreamMade.Exists
            : StreamMade.Conflict,
        there);

    private async ValueTask<StreamCreated> MakeAsync(string name, StreamCreation creation, IReadOnlyList<StreamOrigin> origins, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > _options.StreamBytes)
        {
            return new StreamCreated(StreamMade.TooLarge, null);
        }

        var now = _clock.Now;
        var head = new StreamHead
        {
            Version = RandomNumberGenerator.GetInt32(int.MaxValue) + 1L,
            Tag = NewTag(),
            Origins = origins,
            ContentType = creation.ContentType ?? StreamContentType.Binary,
            Length = bytes.Length,
            IsClosed = creation.IsClosed,
            Ttl = creation.Ttl,
            Expires = creation.Expires,
            ExpiresAt = creation.ExpiresAt,
            Touched = creation.Ttl is null ? 0 : now,
            Fork = creation.Fork,
            Owner = creation.Owner,
        };
        while (true)
        {
            switch (await _store.WriteAsync(name, null, head, bytes, now).ConfigureAwait(false))
            {
                case StreamWritten.Yes:
                    Signals.Tell(name);
                    return new StreamCreated(StreamMade.Yes, head);
                case StreamWritten.Full:
                    return new StreamCreated(StreamMade.Full, null);
                case StreamWritten.WriterFull:
                    return new StreamCreated(StreamMade.OwnerFull, null);
            }

            // Somebody else was faster.
            if (await FindExistingAsync(name).ConfigureAwait(false) is { } there)
            {
                return JudgeExisting(there, creation);
            }
        }
    }

    // The source counts its forks, first, so that it is not forgotten meanwhile.
    private async ValueTask<StreamCreated> ForkAsync(string name, StreamCreation creation, StreamFork fork)
    {
        var source = await FindExistingAsync(fork.Source).ConfigureAwait(false);
        if (source is null || source.IsGone)
        {
            return new StreamCreated(source is null ? StreamMade.NoSource : StreamMade.SourceGone, null);
        }

        if (creation.ContentType is { } type && !StreamContentType.AreSame(type, source.ContentType))
        {
            return new StreamCreated(StreamMade.OtherType, null);
        }

        if (fork.Offset > source.Length || (fork.Offset > 0 && creation.ForkTag is { } tag && !source.Knows(tag, fork.Offset.Value)))
        {
            return new StreamCreated(StreamMade.NoSuchPlace, null);
        }

        if (!await CountForkAsync(fork.Source, +1).ConfigureAwait(false))
        {
            return new StreamCreated(StreamMade.SourceGone, null);
        }

        var made = default(StreamCreated);
        try
        {
            return made = await CopyAsync(name, creation, fork, source).ConfigureAwait(false);
        }
        finally
        {
            if (made is not { Made: StreamMade.Yes, Head: not null })
            {
                await CountForkAsync(fork.Source, -1).ConfigureAwait(false);
            }
        }
    }

    // One at a time: what is copied is in memory for a moment.
    private async ValueTask<StreamCreated> CopyAsync(string name, StreamCreation creation, StreamFork fork, StreamHead source)
    {
        await _forking.WaitAsync().ConfigureAwait(false);
        try
        {
            var place = fork.Offset ?? source.Length;
            if (await _store.ReadAsync(fork.Source, 0, (int)source.Length).ConfigureAwait(false) is not { } content || content.Head.Tag != source.Tag || content.Bytes.Length < source.Length)
            {
                return new StreamCreated(StreamMade.NoSource, null);
            }

            var inherited = content.Bytes;
            if (source.IsJson && place > 0 && inherited.Span[(int)place - 1] != (byte)'\n')
            {
                return new StreamCreated(StreamMade.NoSuchPlace, null);
            }

            // Past the place there are as many as the sub-offset says.
            var more = source.IsJson ? StreamJson.EndOf(inherited.Span[(int)place..], fork.Sub) : fork.Sub <= source.Length - place ? (int)fork.Sub : -1;
            if (more < 0)
            {
                return new StreamCreated(StreamMade.NoSuchPlace, null);
            }

            inherited = inherited[..((int)place + more)];
            var inherits = creation.Ttl is null && creation.ExpiresAt is null;
            return await MakeAsync(
                name,
                creation with
                {
                    ContentType = creation.ContentType ?? source.ContentType,
                    Ttl = inherits ? source.Ttl : creation.Ttl,
                    Expires = inherits ? source.Expires : creation.Expires,
                    ExpiresAt = inherits ? source.ExpiresAt : creation.ExpiresAt,
                },
                [.. OriginsOf(source, inherited.Length).Take(MostOrigins)],
                creation.Bytes.IsEmpty ? inherited : (byte[])[.. inherited.Span, .. creation.Bytes.Span]).ConfigureAwait(false);
        }
        finally
        {
            _forking.Release();
        }
    }

    private static IEnumerable<StreamOrigin> OriginsOf(StreamHead source, long length) =>
        [new StreamOrigin(source.Tag, length), .. source.Origins.Select(origin => origin with { Length = Math.Min(origin.Length, length) })];

    /// <summary>Counts the forks of a stream. One that is gone, and has none any more, is forgotten, and is no fork of its source any more.</summary>
    /// <returns>False where there is no such stream, or one more fork is asked of one that is gone.</returns>
    private async ValueTask<bool> CountForkAsync(string name, int change)
    {
        while (true)
        {
            StreamFork? fork = null;
            if (await _store.ReadAsync(name, 0, 0).ConfigureAwait(false) is not { Head: var head } || (change > 0 && head.IsGone) || head.Forks + change < 0)
            {
                return false;
            }

            var forgotten = head.IsGone && head.Forks + change == 0;
            if (forgotten)
            {
                fork = head.Fork;
            }

            var done = forgotten
                ? await _store.RemoveAsync(name, head).ConfigureAwait(false)
                : await _store.WriteAsync(name, head, head with { Version = head.Version + 1, Forks = head.Forks + change }, default, _clock.Now).ConfigureAwait(false) == StreamWritten.Yes;
            if (!done)
            {
                continue;
            }

            if (fork is not null)
            {
                await CountForkAsync(fork.Source, -1).ConfigureAwait(false);
            }

            return true;
        }
    }

    private static string NewTag() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
}
