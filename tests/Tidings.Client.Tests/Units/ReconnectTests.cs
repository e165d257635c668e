using Tidings.Client.Tests.World;
using Tidings.Client.Transports;
using Tidings.Protocol;
using Tidings.Testing;
using TestKit;

namespace Tidings.Client.Tests.Units;

/// <summary>When the client comes back, and when it stays away.</summary>
public sealed class ReconnectTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly ScriptedServer _server;
    private readonly List<ClientStateChange> _changes = [];
    private TidingsClient? _client;

    public ReconnectTests() => _server = new ScriptedServer(_time);

    [Fact]
    public async Task It_comes_back_after_a_random_part_of_a_window_that_doubles()
    {
        Start(random: 0.5);
        (await _server.ConnectAsync()).End(1006);
        foreach (var seconds in (double[])[0.5, 1, 2, 4, 8, 15, 15])
        {
            Assert.Equal(TimeSpan.FromSeconds(seconds), (await WaitingAsync()).Delay);
            _server.Refuse = static () => new TransportException(DisconnectCode.Abnormal);
            _time.Advance(TimeSpan.FromSeconds(seconds));
        }
    }

    [Fact]
    public async Task A_connection_that_held_for_five_seconds_begins_the_count_anew()
    {
        Start(random: 0.5);
        (await _server.ConnectAsync()).End(1006);
        Assert.Equal(TimeSpan.FromSeconds(0.5), (await WaitingAsync()).Delay);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        var second = await _server.ConnectAsync();
        await StateAsync(ClientState.Connected);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        second.End(1006);
        Assert.Equal(TimeSpan.FromSeconds(1), (await WaitingAsync()).Delay);
        _time.Advance(TimeSpan.FromSeconds(1));
        var third = await _server.ConnectAsync();
        await StateAsync(ClientState.Connected);
        _time.Advance(TimeSpan.FromSeconds(5));
        third.End(1006);
        Assert.Equal(TimeSpan.FromSeconds(0.5), (await WaitingAsync()).Delay);
    }

    [Theory]
    [InlineData(1001, "Shutting down", 15)]
    [InlineData(1012, "", 15)]
    [InlineData(4100, "Draining", 0.5)]
    [InlineData(1001, "Silent", 0.5)]
    public async Task Where_the_server_itself_goes_with_all_its_clients_the_window_is_thirty_seconds_from_the_first(int code, string reason, double seconds)
    {
        Start(random: 0.5);
        (await _server.ConnectAsync()).End(code, reason);
        Assert.Equal(TimeSpan.FromSeconds(seconds), (await WaitingAsync()).Delay);
    }

    [Fact]
    public async Task Policy_lets_it_come_back_slowly()
    {
        Start(random: 0.5);
        (await _server.ConnectAsync()).End(1008, "Too many connections");
        Assert.Equal(TimeSpan.FromSeconds(45), (await WaitingAsync()).Delay);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1009)]
    [InlineData(4001)]
    [InlineData(4003)]
    [InlineData(4010)]
    public async Task It_stays_away_where_the_table_says_so(int code)
    {
        var client = Start();
        var room = client.Subscribe("chat:lobby");
        (await _server.ConnectAsync()).End(code, "Because");
        await StateAsync(ClientState.Closed);
        Assert.Equal(new DisconnectCode((ushort)code, "Because"), Last().Reason);
        var reading = ReadAllAsync(room);
        if (code == 1000)
        {
            Assert.Empty(await reading);
        }
        else
        {
            Assert.Equal(code, (await Assert.ThrowsAsync<TidingsDisconnectedException>(() => reading)).Reason.Code);
        }

        await Assert.ThrowsAsync<TidingsDisconnectedException>(() => client.HistoryAsync("chat:lobby"));
    }

    [Fact]
    public async Task A_refused_token_is_asked_for_once_more_and_only_once()
    {
        var asked = 0;
        Start(new TidingsClientOptions { Token = _ => ValueTask.FromResult<string?>($"token-{++asked}") });
        (await _server.AcceptAsync()).End(4001, "Invalid token");
        (await _server.AcceptAsync()).End(4001, "Invalid token");
        await StateAsync(ClientState.Closed);
        Assert.Equal(["token-1", "token-2"], _server.Tokens);
    }

    [Fact]
    public async Task An_expired_token_is_renewed_and_the_client_comes_back_at_once()
    {
        var asked = 0;
        Start(new TidingsClientOptions { Token = _ => ValueTask.FromResult<string?>($"token-{++asked}") });
        (await _server.ConnectAsync()).End(4002, "Token expired");
        (await _server.ConnectAsync()).End(1006);
        await _server.ConnectAsync();
        Assert.Equal(["token-1", "token-2", "token-2"], _server.Tokens);
    }

    [Fact]
    public async Task A_token_that_expires_is_renewed_on_the_connection()
    {
        var asked = 0;
        Start(new TidingsClientOptions { Token = _ => ValueTask.FromResult<string?>($"token-{++asked}") });
        var transport = await _server.ConnectAsync();
        await transport.SayAsync("""{"type":"token_expiring","in":30}""");
        var auth = (await transport.SentAsync(1)).Single();
        Assert.Equal(("auth", "token-2"), ((string?)auth["type"], (string?)auth["token"]));
    }

    [Fact]
    public async Task A_token_callback_that_fails_is_asked_again_after_a_while()
    {
        var asked = 0;
        Start(new TidingsClientOptions { Token = _ => ++asked == 1 ? throw new InvalidOperationException("no") : ValueTask.FromResult<string?>("token") });
        await _server.ConnectAsync();
        Assert.Equal(["token"], _server.Tokens);
    }

    [Fact]
    public async Task It_gives_up_after_as_many_attempts_as_it_may_make()
    {
        _server.Refuse = static () => new TransportException(DisconnectCode.Unavailable);
        var client = Start(new TidingsClientOptions { MaxRetries = 2 });
        await StateAsync(ClientState.Closed);
        Assert.Equal(3, _server.Tokens.Count);
        Assert.Equal(1013, (await Assert.ThrowsAsync<TidingsDisconnectedException>(() => client.ConnectAsync())).Reason.Code);
    }

    [Fact]
    public async Task It_waits_as_long_as_the_server_asks()
    {
        Start(random: 0.5);
        var transport = await _server.ConnectAsync();
        await transport.SayAsync("""{"type":"disconnecting","reason":"Draining","reconnect":true,"after":7000}""");
        transport.End(4110, "Reconnect");
        Assert.Equal(TimeSpan.FromSeconds(7.5), (await WaitingAsync()).Delay);
    }

    [Fact]
    public async Task It_stays_away_where_the_server_says_so_whatever_the_code()
    {
        Start();
        var transport = await _server.ConnectAsync();
        await transport.SayAsync("""{"type":"disconnecting","reason":"Enough","reconnect":false}""");
        transport.End(4200, "Enough");
        await StateAsync(ClientState.Closed);
    }

    [Fact]
    public async Task A_server_that_is_silent_is_asked_and_then_left()
    {
        Start(random: 0.5);
        var transport = await _server.ConnectAsync();
        await StateAsync(ClientState.Connected);
        await PassAsync(44);
        Assert.Equal(0, transport.Pings);
        await PassAsync(2);
        await Eventually.EqualAsync(1, () => transport.Pings, "Pings");
        await transport.SayAsync("""{"type":"pong"}""");
        await PassAsync(59);
        Assert.Equal(ClientState.Connected, Last().State);
        await PassAsync(1);
        Assert.Equal(1006, (await WaitingAsync()).Reason!.Value.Code);
        Assert.True(transport.Disposed);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }
    }

    private static async Task<List<ChannelEvent>> ReadAllAsync(ChannelSubscription room)
    {
        var told = new List<ChannelEvent>();
        await foreach (var next in room)
        {
            told.Add(next);
        }

        return told;
    }

    private TidingsClient Start(TidingsClientOptions? options = null, double random = 0)
    {
        _client = _server.Client(options, () => random);
        _client.StateChanged += change =>
        {
            lock (_changes)
            {
                _changes.Add(change);
            }
        };
        _ = _client.ConnectAsync();
        return _client;
    }

    // A second at a time: a watch that fires only once would miss what a clock that jumps hides.
    private async Task PassAsync(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            await Eventually.TrueAsync(() => _time.ArmedTimers > 0, "The client watches");
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private async Task<ClientStateChange> WaitingAsync()
    {
        await StateAsync(ClientState.Waiting);
        lock (_changes)
        {
            var waiting = _changes[^1];
            _changes.Clear();
            return waiting;
        }
    }

    private Task StateAsync(ClientState state) => Eventually.TrueAsync(() => Last().State == state, $"The client is {state}");

    private ClientStateChange Last()
    {
        lock (_changes)
        {
            return _changes.Count == 0 ? new ClientStateChange(ClientState.Idle) : _changes[^1];
        }
    }
}
