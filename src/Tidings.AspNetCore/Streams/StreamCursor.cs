using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Tidings.AspNetCore.Streams;

/// <summary>A number that goes on with time, which keeps caches from giving the same answer for ever (PROTOCOL.md §10.1).</summary>
internal static class StreamCursor
{
    private const long Interval = 20;
    private const int LargestJitter = 3600;
    private static readonly DateTimeOffset Epoch = new(2024, 10, 9, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The cursor of an answer: greater than the one that the request has.</summary>
    public static string Next(HttpRequest request, TimeProvider time)
    {
        var now = (long)(time.GetUtcNow() - Epoch).TotalSeconds / Interval;
        var known = StreamAnswer.Number(request.Query["cursor"]);
        return (known >= now ? known.Value + Math.Max(1, RandomNumberGenerator.GetInt32(1, LargestJitter + 1) / Interval) : now).ToString(CultureInfo.InvariantCulture);
    }
}
