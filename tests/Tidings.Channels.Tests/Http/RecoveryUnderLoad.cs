using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using TestKit;
using Tidings.Brokers;
using Tidings.Channels.Tests.World;
using Tidings.Faults.Journals;
using Tidings.Protocol;
using LogEntry = Tidings.Channels.Tests.World.LogEntry;

namespace Tidings.Channels.Tests.Http;

/// <summary>Readers and publishers over all transports behind a network that cuts them off, with everything that anybody saw in one ledger.</summary>
public sealed class RecoveryUnderLoad : HttpRules
{
    private const int Publishers = 3;
    private const int Messages = 250;
    private const int BetweenCuts = 10;

    private static readonly string[] Channels = ["chat:a", "chat:b", "chat:c"];

    [Fact]
    public Task Streams_and_polls_that_are_cut_off_lose_nothing_and_double_nothing() =>
        RunAsync([Way.EventStream], [Way.EventStream], [Way.EventStream], [Way.Poll], [Way.Poll], [Way.Poll]);

    [Fact]
    public Task Who_changes_the_transport_in_mid_stream_loses_nothing_and_doubles_nothing() =>
        RunAsync([.. Enumerable.Repeat<Way[]>([Way.WebSocket, Way.EventStream, Way.Poll], 6)]);

    private static async Task RunAsync(params Way[][] ways)
    {
        await using var server = await StartAsync(("Tidings:Limits:QueueBytes", "64KB"));
        await using var proxy = new FaultProxy(server.Port);
        var ledger = new RunNotes();
        var random = new Random(8);
        var readers = ways.Select((way, i) => new TravellingReader($"reader{i}", proxy.Port, ledger, new Random(random.Next()), way)).ToList();
        using var end = new CancellationTokenSource();
        await Task.WhenAll(readers.Select(reader => reader.StartAsync(Channels)));
        var reading = readers.Select(reader => reader.RunAsync(end.Token)).ToList();
        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(i => PublishAsync(proxy, ledger, i, new Random(i))));
        var tops = new Dictionary<string, StreamPosition>();
        foreach (var channel in Channels)
        {
            var log = await server.Services.Node.Broker.ReadAsync(channel, new HistoryRequest(null, int.MaxValue));
            tops[channel] = log.Top;
            foreach (var message in log.Messages)
            {
                ledger.Of(channel).Appended(new LogEntry(message.Position, Payload.NameOf(Encoding.UTF8.GetString(message.Data.Bytes.Span))!, null, message.Time));
            }
        }

        try
        {
            await Eventually.TrueAsync(() => readers.TrueForAll(reader => Channels.All(channel => reader.At(channel) == tops[channel])), "everybody has everything");
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(reading);
            readers.ForEach(static reader => reader.Dispose());
        }

        ledger.CheckEnd();
        Assert.True(ledger.Findings.Count == 0, string.Join("\n", ledger.Findings.Take(10)));
        Assert.Equal(Publishers * Messages, ledger.Accepted);
        Assert.All(ways.SelectMany(static way => way).Distinct(), way => Assert.True(readers.Sum(reader => reader.Sessions[(int)way]) > 10, $"few came back by {way}"));
        await server.ExpectIdleAsync();
    }

    // Whether a publish that was cut off has happened nobody knows: it is repeated with its key until it is answered.
    private static async Task PublishAsync(FaultProxy proxy, RunNotes ledger, int publisher, Random random)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{proxy.Port}"), Timeout = Eventually.Limit };
        for (var i = 1; i <= Messages; i++)
        {
            var channel = Channels[random.Next(Channels.Length)];
            var attempt = ledger.Begin(channel, $"{publisher}/{i}", key: $"{publisher}/{i}");
            var command = $$"""{"type":"publish","channel":"{{channel}}","data":{{Payload.Make(attempt.Name, random.Next(500))}},"idempotencyKey":"{{attempt.Key}}"}""";
            while (await TrySayAsync(http, command) is var position)
            {
                if (position is not null)
                {
                    ledger.Accept(attempt, position);
                    break;
                }
            }

            if (publisher == 0 && i % BetweenCuts == 0)
            {
                proxy.CutAll();
            }
        }
    }

    private static async Task<StreamPosition?> TrySayAsync(HttpClient http, string command)
    {
        try
        {
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(command));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await http.PostAsync("/connect", content);
            var reply = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
            return new StreamPosition(reply.GetProperty("epoch").GetString()!, reply.GetProperty("offset").GetInt64());
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException)
        {
            return null;
        }
    }
}
