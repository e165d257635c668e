using System.Text.Json.Nodes;
using System.Threading.Channels;
using TestKit;
using Tidings.Client.Commands;
using Tidings.Client.Connecting;
using Tidings.Client.Transports;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Tests.World;

/// <summary>A transport whose server is the test.</summary>
internal sealed class ScriptedTransport : ITransport
{
    private readonly Channel<ServerFrame> _frames = Channel.CreateUnbounded<ServerFrame>();
    private readonly TimeProvider _time;
    private int _asked;
    private int _told;

    public ScriptedTransport(TimeProvider time)
    {
        _time = time;
        LastHeard = time.GetTimestamp();
    }

    public ClientTransport Kind => ClientTransport.WebSocket;

    public long LastHeard { get; private set; }

    /// <summary>All that was sent, pings left out.</summary>
    public List<JsonObject> Sent { get; } = [];

    /// <summary>Pings that were sent.</summary>
    public int Pings { get; private set; }

    public bool Disposed { get; private set; }

    /// <summary>The server says something; returns when the client has worked it through.</summary>
    public async Task SayAsync(string json)
    {
        LastHeard = _time.GetTimestamp();
        _frames.Writer.TryWrite(ServerFrame.Parse(System.Text.Encoding.UTF8.GetBytes(json)));
        _told++;
        await Eventually.TrueAsync(() => Volatile.Read(ref _asked) > _told, $"The client has read {json}");
    }

    /// <summary>The server says something without waiting for it to be heard.</summary>
    public void Say(string json)
    {
        LastHeard = _time.GetTimestamp();
        _told++;
        _frames.Writer.TryWrite(ServerFrame.Parse(System.Text.Encoding.UTF8.GetBytes(json)));
    }

    public void End(int code, string reason = "") =>
        _frames.Writer.TryComplete(new TransportException(new DisconnectCode((ushort)code, reason)) { Final = true });

    public async ValueTask<ServerFrame> ReceiveAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        try
        {
            return await _frames.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException error)
        {
            throw error.InnerException!;
        }
    }

    public ValueTask SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken)
    {
        foreach (var command in commands)
        {
            Record(command.Json);
        }

        return default;
    }

    public ValueTask SendSignAsync(ReadOnlyMemory<byte> sign, CancellationToken cancellationToken)
    {
        Record(sign);
        return default;
    }

    public ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        End(1000);
        return default;
    }

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        _frames.Writer.TryComplete(new TransportException(DisconnectCode.Abnormal));
        return default;
    }

    /// <summary>The id of the n-th command, from 0.</summary>
    public long Id(int index)
    {
        lock (Sent)
        {
            return Sent[index]["id"]!.GetValue<long>();
        }
    }

    /// <summary>Waits until so many commands were sent, and gives them.</summary>
    public async Task<IReadOnlyList<JsonObject>> SentAsync(int count, int from = 0)
    {
        await Eventually.TrueAsync(() => Count() >= from + count, $"{count} commands after {from} were sent");
        lock (Sent)
        {
            return Sent.GetRange(from, Sent.Count - from);
        }
    }

    public int Count()
    {
        lock (Sent)
        {
            return Sent.Count;
        }
    }

    private void Record(ReadOnlyMemory<byte> json)
    {
        var command = JsonNode.Parse(json.Span)!.AsObject();
        lock (Sent)
        {
            if ((string?)command["type"] == "ping")
            {
                Pings++;
            }
            else
            {
                Sent.Add(command);
            }
        }
    }
}

/// <summary>Gives a client one scripted transport after another.</summary>
internal sealed class ScriptedServer(TimeProvider? time = null)
{
    public const string Connected =
        """{"type":"connected","connection":"c1","user":null,"pingInterval":30000,"server":"tidings","version":"0.1.0","subscriptions":[{"channel":"all","epoch":"a1","offset":0}]}""";

    private readonly Channel<ScriptedTransport> _opened = Channel.CreateUnbounded<ScriptedTransport>();
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Ends attempts in place of a connection while it gives something.</summary>
    public Func<TransportException?> Refuse { get; set; } = static () => null;

    /// <summary>The tokens that came.</summary>
    public List<string?> Tokens { get; } = [];

    public TidingsClient Client(TidingsClientOptions? options = null, Func<double>? random = null)
    {
        options ??= new TidingsClientOptions();
        options.TimeProvider = _time;
        return new TidingsClient(new Uri("ws://127.0.0.1/connect"), options, random ?? (static () => 0), FindAsync);
    }

    /// <summary>The next connection, on which nothing has been said yet.</summary>
    public async Task<ScriptedTransport> AcceptAsync()
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        return await _opened.Reader.ReadAsync(limit.Token);
    }

    /// <summary>The next connection, connected.</summary>
    public async Task<ScriptedTransport> ConnectAsync(string connected = Connected)
    {
        var transport = await AcceptAsync();
        await transport.SayAsync(connected);
        return transport;
    }

    private async Task<OpenTransport> FindAsync(string? token, CancellationToken cancellationToken)
    {
        Tokens.Add(token);
        if (Refuse() is { } refusal)
        {
            throw refusal;
        }

        var transport = new ScriptedTransport(_time);
        _opened.Writer.TryWrite(transport);
        return new OpenTransport(transport, await transport.ReceiveAsync(cancellationToken));
    }
}
