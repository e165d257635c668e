using System.Text.Json;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Checker;

/// <summary>A client that keeps what a feed tells it, and notes whatever must not be.</summary>
/// <remarks>Rows carry a version in their price that each writer raises: it may never fall.</remarks>
internal sealed class Replica(ShopApp app, string name, string? category) : IAsyncDisposable
{
    private readonly Dictionary<int, (string Text, long Version)> _rows = [];
    private readonly Dictionary<int, long> _newest = [];
    private readonly List<(int, (string, long))> _initial = [];
    private FeedClient _client = new();
    private Task _reading = Task.CompletedTask;
    private string? _epoch;
    private string? _snapshot;
    private long _offset;

    public string Name => name;

    /// <summary>What it filters by, or null.</summary>
    public string? Category => category;

    public List<string> Faults { get; } = [];

    public int Events { get; private set; }

    public string Text
    {
        get
        {
            lock (_rows)
            {
                return string.Join('\n', _rows.OrderBy(static row => row.Key).Select(static row => row.Value.Text));
            }
        }
    }

    /// <summary>Comes, or comes back and goes on where it was.</summary>
    public async Task ConnectAsync()
    {
        await OpenAsync();
        _reading = ReadAsync();
    }

    public async Task DisconnectAsync()
    {
        await _client.DisposeAsync();
        await _reading;
    }

    public ValueTask DisposeAsync() => new(DisconnectAsync());

    private async Task OpenAsync()
    {
        _client = await app.ConnectAsync();
        var since = _epoch is null ? "" : $$$""","since":{"epoch":"{{{_epoch}}}","offset":{{{_offset}}}}{{{(_snapshot is null ? "" : $",\"snapshot\":\"{_snapshot}\"")}}}""";
        var filter = category is null ? "" : $$$""","filter":{"category":"{{{category}}}"}""";
        await _client.SendAsync("{\"type\":\"subscribe\"" + filter + since + "}");
        _initial.Clear();
    }

    private async Task ReadAsync()
    {
        const int SlowReader = 1013;
        try
        {
            do
            {
                while (await _client.ReceiveAsync(TimeSpan.FromSeconds(120)) is { } message)
                {
                    Take(message);
                }

                if (_client.CloseCode != SlowReader)
                {
                    Faults.Add($"{name}: closed with {_client.CloseCode}");
                    return;
                }

                await _client.DisposeAsync();
                await OpenAsync();
            }
            while (true);
        }
        catch (Exception error) when (error is System.Net.WebSockets.WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection was cut.
        }
    }

    private void Take(JsonElement message)
    {
        if (!message.TryGetProperty("type", out var type))
        {
            Faults.Add($"{name}: {message}");
            return;
        }

        lock (_rows)
        {
            switch (type.GetString())
            {
                case "initial":
                    TakeInitial(message);
                    break;
                case "create" or "update":
                    TakeRow(message, type.GetString()!);
                    break;
                case "delete":
                    var gone = message.GetProperty("id").GetInt32();
                    if (!_rows.Remove(gone))
                    {
                        Faults.Add($"{name}: delete of {gone}, which is not there");
                    }

                    Pass(message);
                    break;
            }
        }
    }

    private void TakeInitial(JsonElement message)
    {
        _initial.AddRange(message.GetProperty("data").EnumerateArray().Select(static row => (row.GetProperty("id").GetInt32(), Read(row))));
        if (message.TryGetProperty("more", out _))
        {
            return;
        }

        _rows.Clear();
        foreach (var (id, row) in _initial)
        {
            Note(id, row, "initial");
        }

        _initial.Clear();
        _epoch = message.GetProperty("epoch").GetString();
        _offset = message.GetProperty("offset").GetInt64();
        _snapshot = message.TryGetProperty("snapshot", out var snapshot) ? snapshot.GetString() : null;
    }

    private void TakeRow(JsonElement message, string type)
    {
        Events++;
        var id = message.GetProperty("id").GetInt32();
        if (_rows.ContainsKey(id) != (type == "update"))
        {
            Faults.Add($"{name}: {type} of {id}, which is {(_rows.ContainsKey(id) ? "" : "not ")}there");
        }

        Note(id, Read(message.GetProperty("data")), type);
        Pass(message);
    }

    private void Note(int id, (string Text, long Version) row, string type)
    {
        if (_newest.TryGetValue(id, out var newest) && (row.Version < newest || (row.Version == newest && type == "update")))
        {
            Faults.Add($"{name}: {type} of {id} to version {row.Version} after {newest}");
        }

        _newest[id] = row.Version;
        _rows[id] = row;
    }

    private void Pass(JsonElement message)
    {
        var offset = message.GetProperty("offset").GetInt64();
        if (offset <= _offset)
        {
            Faults.Add($"{name}: offset {offset} after {_offset}");
        }

        _offset = offset;
    }

    private static (string Text, long Version) Read(JsonElement row) => (row.GetRawText(), (long)row.GetProperty("price").GetDecimal());
}
