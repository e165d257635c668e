using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Tidings.AspNetCore.Responses;
using Tidings.Quotas;
using Tidings.Streams;

namespace Tidings.AspNetCore.Streams;

/// <summary>What a <c>PUT</c> asks for, checked.</summary>
internal static class StreamCreationRequest
{
    private const int LongestType = 256;

    // A hundred years, in seconds.
    private const long LongestTtl = 100L * 366 * 24 * 3600;

    private static readonly string[] TimeForms = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <returns>The stream that is to be made; or what is wrong.</returns>
    public static (StreamCreation? Creation, IResult? Fault) Read(HttpRequest request, StreamPath path, Sender owner)
    {
        var creation = new StreamCreation(owner) { ContentType = request.ContentType is { Length: > 0 } type ? type : null, IsClosed = StreamAnswer.IsTrue(request, StreamAnswer.Closed) };
        if (creation.ContentType is { } given && (given.Length > LongestType || !MediaTypeHeaderValue.TryParse(given, out _)))
        {
            return Bad($"Content-Type is a media type of at most {LongestType} characters.");
        }

        var (ttl, expires) = (request.Headers[StreamAnswer.Ttl], request.Headers[StreamAnswer.ExpiresAt]);
        if (ttl.Count + expires.Count > 1)
        {
            return Bad($"{StreamAnswer.Ttl} or {StreamAnswer.ExpiresAt} may be given, and once.");
        }

        if (ttl is [var seconds])
        {
            if (StreamAnswer.Number(seconds) is not { } number || number > LongestTtl)
            {
                return Bad($"{StreamAnswer.Ttl} is a whole number of seconds, of at most {LongestTtl}.");
            }

            creation = creation with { Ttl = number };
        }

        if (expires is [var at])
        {
            if (!DateTimeOffset.TryParseExact(at, TimeForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) || !HasZone(at!))
            {
                return Bad($"{StreamAnswer.ExpiresAt} is a time by RFC 3339, as 2030-01-31T12:00:00Z.");
            }

            creation = creation with { Expires = at, ExpiresAt = time.ToUnixTimeMilliseconds() };
        }

        return ReadFork(request, path, creation);
    }

    private static (StreamCreation?, IResult?) ReadFork(HttpRequest request, StreamPath path, StreamCreation creation)
    {
        var (source, offset, sub) = (request.Headers[StreamAnswer.ForkedFrom], request.Headers[StreamAnswer.ForkOffset], request.Headers[StreamAnswer.ForkSubOffset]);
        if (source.Count == 0)
        {
            return offset.Count + sub.Count > 0 ? Bad($"{StreamAnswer.ForkOffset} and {StreamAnswer.ForkSubOffset} need {StreamAnswer.ForkedFrom}.") : (creation, null);
        }

        if (source is not [{ } from] || path.Other(from) is not { } other)
        {
            return Bad($"{StreamAnswer.ForkedFrom} is the path of a stream of this server.");
        }

        StreamOffset? place = null;
        if (offset.Count > 0 && (offset is not [{ } at] || (place = StreamOffset.TryRead(at)) is null))
        {
            return Bad($"{StreamAnswer.ForkOffset} is an offset that this server gave.");
        }

        var more = 0L;
        if (sub.Count > 0)
        {
            if (sub is not [var text] || StreamAnswer.Number(text) is not { } number)
            {
                return Bad($"{StreamAnswer.ForkSubOffset} is a whole number.");
            }

            more = number;
        }

        return more > 0 && place is null
            ? Bad($"{StreamAnswer.ForkSubOffset} needs {StreamAnswer.ForkOffset}.")
            : (creation with { Fork = new StreamFork(other.Name, place is { IsNow: false } known ? known.Place : null, more), ForkTag = place?.Tag }, null);
    }

    private static bool HasZone(string text) => text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > 10;

    private static (StreamCreation?, IResult?) Bad(string fault) => (null, Problems.BadRequest(fault));
}
