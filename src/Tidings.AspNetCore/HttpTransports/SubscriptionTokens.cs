using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Api;
using Tidings.Protocol.Positions;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>Tokens of single subscriptions, as a stream or a poll shows them: <c>channel=token</c>, several separated by commas or given by themselves. What is found is not yet believed.</summary>
internal static class SubscriptionTokens
{
    /// <summary>The header of programs, which no log on the way keeps.</summary>
    public const string Header = "Tidings-Channel-Token";

    /// <summary>The parameter of an <c>EventSource</c>, which can send no header.</summary>
    public const string Parameter = "channelToken";

    private static readonly Dictionary<string, string> None = [];

    /// <returns>The token of each channel that has one.</returns>
    public static IReadOnlyDictionary<string, string> Read(HttpRequest request, ApiQuery query)
    {
        if (request.Headers[Header].Count + request.Query[Parameter].Count == 0)
        {
            return None;
        }

        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in request.Headers[Header].Concat(request.Query[Parameter]).SelectMany(static value => value?.Split(',', StringSplitOptions.TrimEntries) ?? [""]))
        {
            // A token has no "=", a channel's name may.
            var cut = text.LastIndexOf('=');
            if (cut <= 0 || tokens.Count == ChannelPositions.MostChannels || !tokens.TryAdd(Uri.UnescapeDataString(text[..cut]), text[(cut + 1)..]))
            {
                return query.Refuse<Dictionary<string, string>>($"{Parameter} (or the header {Header}) must be channel=token, each channel once.", []);
            }
        }

        return tokens;
    }
}
