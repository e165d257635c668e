using System.Net;
using System.Text;
using System.Text.Json;
using Tidings.Faults.World;
using Tidings.Protocol;

namespace Tidings.Faults.Load;

/// <summary>What a writer knows of one key.</summary>
/// <param name="Position">Of its last change.</param>
/// <param name="Value">What it has; null where it was taken out.</param>
internal sealed record BoardValue(StreamPosition Position, string? Value);

/// <summary>Sets and takes out keys of its own in a channel's state, one after the other; what is not answered it says again with the same idempotency key.</summary>
internal sealed class BoardWriter(string name, string channel, HttpClient http, Func<Uri> node, Random random)
{
    private const int OwnKeys = 20;
    private const double DurablePart = 0.3;

    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, BoardValue> _answered = new(StringComparer.Ordinal);
    private string? _changing;
    private int _count;

    /// <summary>Changes that were answered.</summary>
    public int Answered { get; private set; }

    /// <summary>What was answered until now.</summary>
    public IReadOnlyDictionary<string, BoardValue> Snapshot()
    {
        lock (_answered)
        {
            return new Dictionary<string, BoardValue>(_answered);
        }
    }

    /// <summary>Whether a key has changed since, or is being changed.</summary>
    public bool MayHaveChanged(string key, BoardValue before)
    {
        lock (_answered)
        {
            return _changing == key || (_answered.TryGetValue(key, out var now) && now != before);
        }
    }

    /// <param name="finish">Begins nothing new any more.</param>
    /// <param name="end">Gives up what is not answered.</param>
    public async Task RunAsync(CancellationToken finish, CancellationToken end)
    {
        while (!finish.IsCancellationRequested)
        {
            await Task.Delay(random.Next(10, 60), finish).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!finish.IsCancellationRequested)
            {
                await ChangeAsync(end);
            }
        }
    }

    private async Task ChangeAsync(CancellationToken end)
    {
        var said = $"{name}-{++_count}";

        // Some keys come once and go, so that what was taken out must stay so.
        var key = random.Next(4) == 0 ? $"{name}.{_count / 2}" : $"{name}:{random.Next(OwnKeys)}";
        var value = random.Next(3) == 0 ? null : said + new string('x', random.Next(500));
        var flag = random.NextDouble() < DurablePart ? ",\"durable\":true" : "";
        var change = value is null ? "\"remove\":true" : $"\"data\":\"{value}\"";
        var body = Encoding.UTF8.GetBytes($$"""{"channel":"{{channel}}","key":"{{key}}",{{change}},"idempotencyKey":"{{said}}"{{flag}}}""");
        lock (_answered)
        {
            _changing = key;
        }

        while (!end.IsCancellationRequested)
        {
            if (await TryAsync(body, end) is { } position)
            {
                lock (_answered)
                {
                    _answered[key] = new BoardValue(position, value);
                    Answered++;
                    _changing = null;
                }

                return;
            }

            await Task.Delay(random.Next(20, 200), end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<StreamPosition?> TryAsync(byte[] body, CancellationToken end)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(end);
        limit.CancelAfter(LongestAnswer);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(node(), "/api/publish")) { Content = new ByteArrayContent(body) };
            request.Headers.Authorization = NodeSettings.Authorization;
            request.Content.Headers.ContentType = new("application/json");
            using var answer = await http.SendAsync(request, limit.Token);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                return null;
            }

            using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(limit.Token));
            return new StreamPosition(document.RootElement.GetProperty("epoch").GetString()!, document.RootElement.GetProperty("offset").GetInt64());
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException or JsonException)
        {
            return null;
        }
    }
}
