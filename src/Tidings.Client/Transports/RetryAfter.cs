using System.Globalization;
using Tidings.Client.Contracts;

namespace Tidings.Client.Transports;

/// <summary>How long a server asks to wait.</summary>
internal static class RetryAfter
{
    /// <summary>The seconds of a <c>Retry-After</c>, at most five minutes; a date is passed over.</summary>
    public static TimeSpan? Read(IReadOnlyDictionary<string, IEnumerable<string>>? headers) =>
        headers is not null && headers.TryGetValue("Retry-After", out var values) ? Read(values.FirstOrDefault()) : null;

    public static TimeSpan? Read(HttpResponseMessage response) =>
        response.Headers.RetryAfter?.Delta is { } delta ? Bounded(delta) : null;

    private static TimeSpan? Read(string? value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? Bounded(TimeSpan.FromSeconds(seconds)) : null;

    private static TimeSpan Bounded(TimeSpan asked) => asked < Waits.LongestAway ? asked : Waits.LongestAway;
}
