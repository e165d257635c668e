using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using TestKit;
using Tidings.Channels.Tests.World;
using Tidings.Faults.Checking;
using Tidings.Faults.Journals;
using Tidings.Protocol;
using Tidings.Protocol.Positions;

namespace Tidings.Channels.Tests.Http;

internal enum Way
{
    WebSocket,
    EventStream,
    Poll,
}

/// <summary>A client that reads channels over one transport after the other, is cut off, goes by itself, and goes on where it stood.</summary>
internal sealed class TravellingReader : IDisposable
{
    private readonly string _name;
    private readonly int _port;
    private readonly RunNotes _ledger;
    private readonly Random _random;
    private readonly Way[] _ways;
    private readonly HttpClient _http;
    private readonly Dictionary<string, SubscriptionJournal> _journals = [];
    private readonly Lock _gate = new();
    private Dictionary<string, StreamPosition> _positions = [];

    public TravellingReader(string name, int port, RunNotes ledger, Random random, params Way[] ways)
    {
        (_name, _port, _ledger, _random, _ways) = (name, port, ledger, random, ways);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Eventually.Limit };
    }

    /// <summary>How many connections it has had over each transport.</summary>
    public int[] Sessions { get; } = new int[3];

    public async Task StartAsync(params IEnumerable<string> channels)
    {
        var start = await PollAsync(string.Join('&', channels.Select(static channel => "channel=" + channel)), CancellationToken.None);
        foreach (var (channel, position) in _positions = PositionsOf(start.GetProperty("position").GetString()!))
        {
            _journals[channel] = _ledger.Of(channel).Open(new SubscriptionTerms(_name, channel));
            _journals[channel].Subscribed(position, null, null);
        }
    }

    public StreamPosition At(string channel)
    {
        lock (_gate)
        {
            return _positions[channel];
        }
    }

    /// <summary>Reads until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var way = _ways[_random.Next(_ways.Length)];
            Sessions[(int)way]++;

            // Most go after a while, some stay until they are cut off.
            var patience = _random.Next(4) > 0 ? _random.Next(1, 30) : int.MaxValue;
            try
            {
                await (way switch
                {
                    Way.WebSocket => OverWebSocketAsync(patience, cancellationToken),
                    Way.EventStream => OverEventStreamAsync(patience, cancellationToken),
                    _ => OverPollsAsync(patience, cancellationToken),
                });
            }
            catch (Exception error) when (error is IOException or SocketException or HttpRequestException or WebSocketException or OperationCanceledException)
            {
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private string Query => string.Join('&', _journals.Keys.Select(static channel => "channel=" + channel)) + "&since=" + EventStreamRules.Encode(JsonSerializer.Serialize(
        _positions.Select(static at => new object[] { at.Key, at.Value.Epoch, at.Value.Offset })));

    private static Dictionary<string, StreamPosition> PositionsOf(string position) =>
        ChannelPositions.TryRead(position)!.ToDictionary(static at => at.Channel, static at => at.Position);

    private async Task OverEventStreamAsync(int patience, CancellationToken cancellationToken)
    {
        await using var stream = await EventStream.OpenAsync(_http, "/connect?" + Query);
        using var end = cancellationToken.Register(stream.Response.Dispose);
        for (var i = 0; i < patience && await stream.ReceiveAsync() is { } text; i++)
        {
            Take(JsonDocument.Parse(text).RootElement);
            MoveTo(stream.LastId);
        }
    }

    private async Task OverPollsAsync(int patience, CancellationToken cancellationToken)
    {
        for (var i = 0; i < patience; i += 10)
        {
            Sessions[(int)Way.Poll] += i > 0 ? 1 : 0;
            var poll = await PollAsync($"{Query}&wait={_random.Next(3)}", cancellationToken);
            foreach (var message in poll.GetProperty("gaps").EnumerateArray().Concat(poll.GetProperty("messages").EnumerateArray()))
            {
                Take(message);
            }

            MoveTo(poll.GetProperty("position").GetString()!);
        }
    }

    private async Task<JsonElement> PollAsync(string query, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync("/api/messages?" + query, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private async Task OverWebSocketAsync(int patience, CancellationToken cancellationToken)
    {
        using var socket = new ClientWebSocket();
        socket.Options.Proxy = null;
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{_port}/connect?ping=frame"), cancellationToken);
        var targets = _positions.Select(static at => $$$"""{"channel":"{{{at.Key}}}","since":{"epoch":"{{{at.Value.Epoch}}}","offset":{{{at.Value.Offset}}}}}""");
        await socket.SendAsync(Encoding.UTF8.GetBytes($$"""{"type":"subscribe","channels":[{{string.Join(',', targets)}}]}"""), WebSocketMessageType.Text, true, cancellationToken);
        var buffer = new byte[16 * 1024];
        for (var i = 0; i < patience; i++)
        {
            var length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
                length += part.Count;
            }
            while (!part.EndOfMessage);
            Take(JsonDocument.Parse(buffer.AsMemory(0, length)).RootElement);
        }
    }

    private void Take(JsonElement message)
    {
        switch (message.GetProperty("type").GetString())
        {
            case "message" when Journal(message) is { } journal:
                var offset = message.GetProperty("offset").GetInt64();
                journal.Message(offset, Payload.NameOf(message.GetProperty("data").GetRawText()));
                Move(message, offset);
                break;
            case "gap" when Journal(message) is { } journal:
                journal.Gap(
                    new StreamPosition(message.GetProperty("epoch").GetString()!, message.GetProperty("offset").GetInt64()),
                    message.GetProperty("from").GetInt64(), message.GetProperty("to").GetInt64(), message.GetProperty("reason").GetString()!);
                break;
            case "subscribed" when !message.GetProperty("recovered").GetBoolean():
                _ledger.Report(Anomaly.FalseGap, $"{_name} did not recover: {message.GetRawText()}");
                break;
        }
    }

    private SubscriptionJournal? Journal(JsonElement message) => _journals.GetValueOrDefault(message.GetProperty("channel").GetString()!);

    private void Move(JsonElement message, long offset)
    {
        var channel = message.GetProperty("channel").GetString()!;
        lock (_gate)
        {
            _positions[channel] = _positions[channel] with { Offset = offset };
        }
    }

    // What the server says that the position is must be what the reader has counted.
    private void MoveTo(string position)
    {
        var said = PositionsOf(position);
        foreach (var (channel, counted) in _positions)
        {
            if (said[channel] != counted)
            {
                _ledger.Report(Anomaly.Protocol, $"{_name} stands in {channel} at {counted}, and was told {said[channel]}");
            }
        }
    }
}
