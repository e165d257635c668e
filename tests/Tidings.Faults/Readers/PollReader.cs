using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Faults.Readers;

/// <summary>By long polling.</summary>
internal sealed class PollReader(ReaderContext context, SubscriptionTerms terms, Random random) : Reader(context, terms with { Transport = "poll" }, random)
{
    private const int Wait = 5;

    private string? _position;

    protected override async Task<int> ReadAsync(Uri node, CancellationToken end)
    {
        while (true)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(end);
            limit.CancelAfter(TimeSpan.FromSeconds(Wait) + LongestSilence);
            var since = _position is null ? "" : $"&since={_position}";
            var address = new Uri(node, string.Create(CultureInfo.InvariantCulture, $"/connect?channel={Uri.EscapeDataString(Terms.Channel)}&wait={Wait}{since}"));
            using var answer = await Context.Http.GetAsync(address, limit.Token);
            if (!answer.IsSuccessStatusCode)
            {
                return 1006;
            }

            var bytes = await answer.Content.ReadAsByteArrayAsync(limit.Token);
            using var document = JsonDocument.Parse(bytes);
            Handle(document.RootElement);
        }
    }

    private void Handle(JsonElement answer)
    {
        var position = answer.GetProperty("position").GetString()!;
        if (_position is null)
        {
            Journal.Subscribed(Read(position), null, null);
        }

        Live();
        foreach (var gap in answer.GetProperty("gaps").EnumerateArray())
        {
            Told(gap);
        }

        foreach (var message in answer.GetProperty("messages").EnumerateArray())
        {
            Told(message);
        }

        _position = position;
    }

    private StreamPosition Read(string position)
    {
        using var channels = JsonDocument.Parse(Base64Url.DecodeFromChars(position));
        var own = channels.RootElement.EnumerateArray().First(channel => channel[0].GetString() == Terms.Channel);
        return new StreamPosition(own[1].GetString()!, own[2].GetInt64());
    }
}
