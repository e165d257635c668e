using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Responses;
using Tidings.Connections;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Keys;

/// <summary>Who may use what writes or looks inside: the bearers of its keys, and where the <see cref="DirectLocalRule"/> holds, programs on this machine.</summary>
internal sealed class ServerKey
{
    /// <summary>The option with the key that opens everything.</summary>
    public const string AdminKey = "Tidings:AdminKey";

    private const string Scheme = "Bearer ";

    private readonly string _options;
    private readonly TimeProvider _time;
    private readonly ConnectionMetrics _metrics;
    private readonly RecentRefusals _refusals;
    private volatile Keys _keys;

    /// <param name="keys">Options that name a key, and the keys, each of which opens it alone.</param>
    /// <param name="limit">Requests with one key.</param>
    /// <param name="trustsLocal">Whether the <see cref="DirectLocalRule"/> holds.</param>
    /// <param name="time">The clock.</param>
    /// <param name="metrics">Where refusals are counted.</param>
    /// <param name="refusals">Where they are remembered.</param>
    public ServerKey(IReadOnlyList<(string Option, string? Key)> keys, RateLimit limit, bool trustsLocal, TimeProvider time, ConnectionMetrics metrics, RecentRefusals refusals)
    {
        (_time, _metrics, _refusals) = (time, metrics, refusals);
        _options = string.Join(" or ", keys.Select(static key => key.Option));
        _keys = Make(keys, limit, trustsLocal);
    }

    /// <summary>Puts other keys in the place of those that were.</summary>
    /// <param name="keys">Of the same options.</param>
    /// <param name="limit">Requests with one key.</param>
    /// <param name="trustsLocal">Whether the <see cref="DirectLocalRule"/> holds.</param>
    public void Change(IReadOnlyList<(string Option, string? Key)> keys, RateLimit limit, bool trustsLocal) => _keys = Make(keys, limit, trustsLocal);

    /// <summary>Whether direct local requests need no key.</summary>
    public bool TrustsLocal => _keys.TrustsLocal;

    /// <summary>Null where the request may go on; otherwise the answer.</summary>
    /// <param name="request">The request.</param>
    /// <param name="rate">What further work of the request counts against, where it may go on.</param>
    public IResult? Refuse(HttpRequest request, out SharedRate rate) => Refuse(request, Bearer(request), out rate);

    /// <inheritdoc cref="Refuse(HttpRequest, out SharedRate)"/>
    /// <param name="request">The request.</param>
    /// <param name="shown">The key that it shows, in whatever header; or null.</param>
    /// <param name="rate">What further work of the request counts against, where it may go on.</param>
    public IResult? Refuse(HttpRequest request, string? shown, out SharedRate rate)
    {
        var keys = _keys;
        var holder = Find(keys, request, shown) ?? (keys.TrustsLocal && DirectLocal.Is(request) ? keys.Local : null);
        rate = (holder ?? keys.Local).Rate;
        if (holder is null)
        {
            _refusals.Add("Server API without its key", AddressKey.From(request.HttpContext.Connection.RemoteIpAddress));
            return Problems.Unauthorized(Explain(keys));
        }

        return Limit(request, rate);
    }

    /// <summary>Whether the request shows one of the keys, where there are any.</summary>
    public bool IsShown(HttpRequest request) => Find(_keys, request) is not null;

    /// <summary>The same as <see cref="Admits"/>, and counts the request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="limited">The answer, where there were too many; null where the request may go on.</param>
    public bool TryAdmit(HttpRequest request, out IResult? limited)
    {
        var keys = _keys;
        var holder = Find(keys, request) ?? (keys.TrustsLocal && DirectLocal.Is(request) ? keys.Local : null);
        limited = holder is null ? null : Limit(request, holder.Rate);
        return holder is not null;
    }

    /// <summary>Whether a holder of a key asks, or where direct local requests need none, a program on this machine.</summary>
    public bool Admits(HttpRequest request) => _keys is var keys && (Find(keys, request) is not null || (keys.TrustsLocal && DirectLocal.Is(request)));

    private IResult? Limit(HttpRequest request, SharedRate rate)
    {
        if (rate.TryTake() is var wait and > 0)
        {
            _metrics.RateLimited(RateLimitName.Api);
            return Problems.RateLimited(request.HttpContext, wait);
        }

        return null;
    }

    private string Explain(Keys keys) =>
        keys.Holders.Count > 0 ? $"Send {_options} as \"Authorization: Bearer <key>\"."
        : keys.TrustsLocal ? $"Without {_options} only direct requests from this machine are answered: from and to a loopback address, not forwarded by a proxy, from no other origin, with JSON as content type. Set {_options}, and send it as \"Authorization: Bearer <key>\"."
        : $"There is no key, and nobody is let in without one. Set {_options}, and send it as \"Authorization: Bearer <key>\".";

    // All keys are compared, whichever fits: the time tells nothing.
    private static Holder? Find(Keys keys, HttpRequest request) => Find(keys, request, Bearer(request));

    private static Holder? Find(Keys keys, HttpRequest request, string? shown)
    {
        if (keys.Admin is { } admin && request.HttpContext.Features.Get<AdminSession>() is not null)
        {
            return admin;
        }

        if (shown is null)
        {
            return null;
        }

        var hash = Hash(shown);
        Holder? found = null;
        foreach (var holder in keys.Holders)
        {
            found = CryptographicOperations.FixedTimeEquals(hash, holder.Hash) ? holder : found;
        }

        return found;
    }

    private static string? Bearer(HttpRequest request) =>
        request.Headers.Authorization is { Count: 1 } authorization && authorization[0]!.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[0]![Scheme.Length..] : null;

    // Hashed, so that the comparison takes the same time for keys of any length.
    private Keys Make(IReadOnlyList<(string Option, string? Key)> keys, RateLimit limit, bool trustsLocal) => new(
        [.. keys.Where(static key => key.Key is not null).Select(key => new Holder(key.Option, Hash(key.Key!), new SharedRate(limit, _time)))],
        new Holder("", [], new SharedRate(limit, _time)), trustsLocal);

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private sealed record Holder(string Option, byte[] Hash, SharedRate Rate);

    private sealed record Keys(List<Holder> Holders, Holder Local, bool TrustsLocal)
    {
        public Holder? Admin { get; } = Holders.Find(static holder => holder.Option == AdminKey);
    }
}
