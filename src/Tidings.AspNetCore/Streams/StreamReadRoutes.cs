using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.HttpTransports;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Security.Identities;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.AspNetCore.Streams;

/// <summary>Reading and following streams.</summary>
internal sealed class StreamReadRoutes(Edge tidings, StreamAccess access, HttpEntrance entrance)
{
    private const int PartBytes = 256 * 1024;

    // So that caches collapse their readers anew.
    private static readonly TimeSpan LongestFollowing = TimeSpan.FromSeconds(60);

    // Signs of life are comments: a text would stand in the midst of the protocol's events.
    private readonly LiveSettings _settings = tidings.TextRoute(binary: false).With(static settings => settings with { TextHeartbeat = false });
    private readonly EventStreamRoute _events = new(entrance, tidings.Node.Registry.Metrics, tidings.TextRoute(binary: false));
    private readonly StreamFollowers _followers = new();
    private readonly IHostApplicationLifetime? _lifetime = tidings.Provider.GetService<IHostApplicationLifetime>();

    private StreamEngine Streams => tidings.Node.Streams;

    /// <summary><c>HEAD</c>.</summary>
    public async Task<IResult?> HeadAsync(HttpContext context, StreamPath path)
    {
        if (!await access.AdmitReaderAsync(context, path))
        {
            return null;
        }

        var head = await Streams.FindAsync(path.Name, context.RequestAborted);
        context.Response.StatusCode = head is null ? StatusCodes.Status404NotFound : head.IsGone ? StatusCodes.Status410Gone : StatusCodes.Status200OK;
        if (head is { IsGone: false })
        {
            context.Response.ContentType = head.ContentType;
            StreamAnswer.PutEnd(context.Response, head);
            if (head.Ttl is { } ttl)
            {
                context.Response.Headers[StreamAnswer.Ttl] = ttl.ToString(CultureInfo.InvariantCulture);
            }

            if (head.Expires is { } expires)
            {
                context.Response.Headers[StreamAnswer.ExpiresAt] = expires;
            }
        }

        return null;
    }

    /// <summary><c>GET</c>.</summary>
    public async Task<IResult?> ReadAsync(HttpContext context, StreamPath path)
    {
        var query = context.Request.Query;
        var offsets = query["offset"];
        StreamOffset? from = offsets.Count == 0 ? new StreamOffset(0, null) : offsets is [{ } text] ? StreamOffset.TryRead(text) : null;
        var live = (string?)query["live"];
        if (from is not { } offset)
        {
            return Problems.BadRequest("offset is one offset that this server gave, -1 for the beginning, or now.");
        }

        if (live is not (null or "long-poll" or "sse") || (live is not null && offsets.Count == 0))
        {
            return Problems.BadRequest("live is long-poll or sse, and needs offset.");
        }

        return live switch
        {
            "sse" => await FollowAsync(context, path, offset),
            "long-poll" => await PollAsync(context, path, offset),
            _ => await access.AdmitReaderAsync(context, path) ? await CatchUpAsync(context, path, offset) : null,
        };
    }

    private async Task<IResult?> CatchUpAsync(HttpContext context, StreamPath path, StreamOffset offset)
    {
        var (part, refusal) = await PartAsync(path, offset, PartBytes, context.RequestAborted);
        return part is { } found ? await WriteAsync(context, found, offset.IsNow ? null : EntityTag(found)) : refusal;
    }

    private async Task<IResult?> PollAsync(HttpContext context, StreamPath path, StreamOffset offset)
    {
        if (await EnterAsync(context, path) is not { } visit)
        {
            return null;
        }

        try
        {
            using var waiter = Streams.Signals.Watch(path.Name);
            using var limit = new CancellationTokenSource(LongestPoll(visit.Connection.Identity), tidings.Node.Time);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.RequestAborted, _lifetime?.ApplicationStopping ?? CancellationToken.None);
            while (true)
            {
                var next = waiter.Next;
                var (part, refusal) = await PartAsync(path, offset, PartBytes, context.RequestAborted);
                if (HasEnded(visit.Connection.Identity))
                {
                    return StreamAnswer.Problem(StatusCodes.Status401Unauthorized, "The token has ended, or was revoked.");
                }

                if (part is not { } found)
                {
                    return refusal;
                }

                // From now on is from here on.
                offset = new StreamOffset(found.From, found.Head.Tag);
                if (!found.Bytes.IsEmpty)
                {
                    context.Response.Headers[StreamAnswer.Cursor] = StreamCursor.Next(context.Request, tidings.Node.Time);
                    return await WriteAsync(context, found, EntityTag(found));
                }

                if (!found.Head.IsClosed)
                {
                    try
                    {
                        await waiter.WaitAsync(next, end.Token);
                        continue;
                    }
                    catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
                    {
                        if (HasEnded(visit.Connection.Identity))
                        {
                            continue;
                        }

                        context.Response.Headers[StreamAnswer.Cursor] = StreamCursor.Next(context.Request, tidings.Node.Time);
                    }
                }

                StreamAnswer.PutEnd(context.Response, found.Head);
                context.Response.Headers[StreamAnswer.UpToDate] = StreamAnswer.True;
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return null;
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            visit.Connection.Abandon();
        }
    }

    private async Task<IResult?> FollowAsync(HttpContext context, StreamPath path, StreamOffset offset)
    {
        if (await EnterAsync(context, path) is not { } visit)
        {
            return null;
        }

        StreamPart start;
        try
        {
            var (part, refusal) = await PartAsync(path, offset, 0, context.RequestAborted);
            if (part is not { } found)
            {
                visit.Connection.Abandon();
                return refusal;
            }

            start = found;
        }
        catch
        {
            visit.Connection.Abandon();
            throw;
        }

        if (!StreamContentType.IsText(start.Head.ContentType))
        {
            context.Response.Headers[StreamAnswer.Encoding] = "base64";
        }

        var frames = new StreamEventFrames(Streams, path.Name, start.Head, () => StreamCursor.Next(context.Request, tidings.Node.Time));
        var pump = new StreamPump(visit.Connection, Streams.Signals, frames);
        visit.Connection.Tag = pump;
        pump.Start(start.From);
        using var life = tidings.Node.Time.CreateTimer(static connection => ((Connection)connection!).Close(DisconnectCode.Goodbye), visit.Connection, LongestFollowing, Timeout.InfiniteTimeSpan);
        await _events.RunAsync(context, visit, (output, _) => new RawEventWire(output, visit.Lane, context.Abort));
        return null;
    }

    // Nobody waits for longer than the token holds.
    private TimeSpan LongestPoll(Identity? identity)
    {
        var longest = Streams.Options.LongPoll;
        return identity is { ExpiresAt: < long.MaxValue and var end } && Math.Max(1, end - Now) is var left && left < longest.TotalMilliseconds ? TimeSpan.FromMilliseconds(left) : longest;
    }

    private bool HasEnded(Identity? identity) => identity is not null && (identity.ExpiresAt <= Now || tidings.Node.Registry.Revocations.EndOf(identity) is not null);

    private long Now => tidings.Node.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private async ValueTask<Visit?> EnterAsync(HttpContext context, StreamPath path)
    {
        if (await entrance.EnterAsync(context, _settings.Current, counted: true, stream: false, _followers) is not { } visit)
        {
            return null;
        }

        try
        {
            if (await access.JudgeReaderAsync(context, path, TaskHandler.PeerOf(visit.Connection), visit.Connection.Identity))
            {
                return visit;
            }
        }
        catch
        {
            visit.Connection.Abandon();
            throw;
        }

        visit.Connection.Abandon();
        return null;
    }

    private async ValueTask<(StreamPart? Part, IResult? Refusal)> PartAsync(StreamPath path, StreamOffset offset, int most, CancellationToken cancellationToken)
    {
        if (await Streams.ReadAsync(path.Name, offset.Place, most, cancellationToken) is not { } part)
        {
            return (null, StreamAnswer.NotFound);
        }

        if (part.Head.IsGone)
        {
            return (null, StreamAnswer.Gone);
        }

        if (!offset.IsOf(part.Head))
        {
            return (null, StreamAnswer.Problem(StatusCodes.Status410Gone, "The offset is one of a stream that was deleted; another one is there now."));
        }

        return part.From > part.Head.Length ? (null, Problems.BadRequest("The offset is past the end of the stream."))
            : !await Streams.IsBoundaryAsync(path.Name, part.Head, part.From, cancellationToken) ? (null, Problems.BadRequest("No message begins at this offset."))
            : (part, null);
    }

    private static async Task<IResult?> WriteAsync(HttpContext context, StreamPart part, string? tag)
    {
        var response = context.Response;
        if (tag is not null)
        {
            response.Headers.ETag = tag;

            // What is behind a full part never changes; of the end a cache asks again.
            response.Headers.CacheControl = part.IsUpToDate && !part.Head.IsClosed ? "private, no-cache" : "private, max-age=60, stale-while-revalidate=300";
        }

        response.Headers[StreamAnswer.NextOffset] = StreamOffset.Format(part.Head, part.Next);
        if (part.IsUpToDate)
        {
            response.Headers[StreamAnswer.UpToDate] = StreamAnswer.True;
        }

        if (part.IsEnd)
        {
            response.Headers[StreamAnswer.Closed] = StreamAnswer.True;
        }

        if (tag is not null && context.Request.Headers.IfNoneMatch.Any(known => known?.Split(',').Any(one => one.Trim() is "*" || one.Trim() == tag) == true))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return null;
        }

        var body = part.Head.IsJson ? StreamJson.Join(part.Bytes.Span) : part.Bytes;
        response.ContentType = part.Head.ContentType;
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
        return null;
    }

    private static string EntityTag(StreamPart part) => string.Create(CultureInfo.InvariantCulture, $"\"{part.Head.Tag}:{part.From}:{part.Next}{(part.IsEnd ? ":c" : part.IsUpToDate ? ":u" : "")}\"");
}

/// <summary>Connections that follow a stream, and say nothing.</summary>
internal sealed class StreamFollowers : ConnectionHandler
{
    public override string ProtocolName => "stream";

    public override void OnText(Connection connection, ReadOnlySpan<byte> text)
    {
    }

    // A stream has no words for it: its reader comes back with another token.
    public override void OnTokenExpiring(Connection connection, long seconds)
    {
    }

    public override void OnClosed(Connection connection, DisconnectCode code) => (connection.Tag as StreamPump)?.Stop();
}
