using System.Text.Json;

namespace Tidings.Faults.World;

/// <summary>Who is there, as the server API of one node says for all of them.</summary>
internal sealed class StateWitness(HttpClient http, Uri node)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    public async Task<IReadOnlySet<string>> ConnectionsAsync() => await NamesAsync("connections?limit=1000", "connections", static one => Text(one, "connection"));

    public async Task<IReadOnlySet<string>> ChannelsAsync(string[] prefixes)
    {
        var names = await NamesAsync("channels?limit=1000", "channels", static one => Text(one, "channel"));
        return names.Where(name => Array.Exists(prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal))).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Channel and user of each.</summary>
    public async Task<IReadOnlySet<string>> MembersAsync(string[] channels)
    {
        var members = new HashSet<string>(StringComparer.Ordinal);
        foreach (var channel in channels)
        {
            members.UnionWith(await NamesAsync($"presence?channel={channel}", "members", one => $"{channel} {Text(one, "user")}"));
        }

        return members;
    }

    private static string Text(JsonElement one, string name) => one.GetProperty(name).GetString()!;

    // Nothing where the node does not answer now: it is asked again.
    private async Task<HashSet<string>> NamesAsync(string route, string list, Func<JsonElement, string> name)
    {
        using var limit = new CancellationTokenSource(Longest);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node, $"/api/{route}"));
        request.Headers.Authorization = NodeSettings.Authorization;
        using var answer = await http.SendAsync(request, limit.Token);
        if (!answer.IsSuccessStatusCode)
        {
            return [];
        }

        using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(limit.Token));
        return document.RootElement.TryGetProperty("missing", out _) ? [] : document.RootElement.GetProperty(list).EnumerateArray().Select(name).ToHashSet(StringComparer.Ordinal);
    }
}
