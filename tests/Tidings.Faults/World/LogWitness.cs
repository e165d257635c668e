using System.Net;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Faults.World;

/// <summary>A third witness: reads logs and members over the server API of one node.</summary>
internal sealed class LogWitness(HttpClient http, RunJournal journal)
{
    private const int Page = 1000;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <summary>Reads all that is kept of a channel.</summary>
    public async Task<FinalLog> ReadAsync(Uri node, string channel)
    {
        var values = new List<int>();
        var top = await ReadPageAsync(node, channel, "last=1", null);
        var since = top with { Offset = 0 };
        while (since.Offset < top.Offset)
        {
            var before = values.Count;
            await ReadPageAsync(node, channel, string.Create(CultureInfo.InvariantCulture, $"since={PositionText(channel, since)}&limit={Page}"), values);
            if (values.Count == before)
            {
                // Trimmed, or gone: what there is, from the newest back.
                values.Clear();
                await ReadPageAsync(node, channel, $"last={Page}", values);
                break;
            }

            since = since with { Offset = since.Offset + values.Count - before };
        }

        return new FinalLog(top, values);
    }

    public async Task<IReadOnlySet<string>> MembersAsync(Uri node, string channel)
    {
        using var document = await GetAsync(node, $"/api/presence?channel={Uri.EscapeDataString(channel)}");
        return document.RootElement.GetProperty("members").EnumerateArray().Select(static member => member.GetProperty("user").GetString()!).ToHashSet(StringComparer.Ordinal);
    }

    private static string PositionText(string channel, StreamPosition position)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new object[] { new object[] { channel, position.Epoch, position.Offset } });
        return System.Buffers.Text.Base64Url.EncodeToString(json);
    }

    /// <returns>The top; values are added, and noted as seen.</returns>
    private async Task<StreamPosition> ReadPageAsync(Uri node, string channel, string query, List<int>? values)
    {
        using var document = await GetAsync(node, $"/api/history?channel={Uri.EscapeDataString(channel)}&{query}");
        var epoch = document.RootElement.GetProperty("epoch").GetString()!;
        foreach (var message in values is null ? default : document.RootElement.GetProperty("messages").EnumerateArray())
        {
            var position = new StreamPosition(epoch, message.GetProperty("offset").GetInt64());
            var name = Payload.NameOf(JsonMarshal.GetRawUtf8Value(message.GetProperty("data")));
            journal.Of(channel).Read($"the history of {node.Port}", position, name);
            values!.Add(name is null ? RunJournal.Corrupt : journal.ValueOf(name));
        }

        return new StreamPosition(epoch, document.RootElement.GetProperty("offset").GetInt64());
    }

    private async Task<JsonDocument> GetAsync(Uri node, string path)
    {
        using var limit = new CancellationTokenSource(Longest);
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node, path));
            request.Headers.Authorization = NodeSettings.Authorization;
            using var answer = await http.SendAsync(request, limit.Token);
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                return JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(limit.Token));
            }

            // A node that was short of time for a while refuses what can wait.
            await Task.Delay(answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1), limit.Token);
        }
    }
}
