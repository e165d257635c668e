using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Security;
using Tidings.Security.Tokens;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>B24: a token turns up where people read (SignalR's URLs in logs, JwtBearer CVE-2021-34532). A canary in all ways, good and bad,
/// must appear in no log at any level, metric, trace or answer.</summary>
public abstract class B24_TokenLeaks(string pump) : ServerTests(pump)
{
    private readonly string _pump = pump;

    [Fact]
    public async Task A_token_appears_nowhere()
    {
        var seen = new Seen();
        await using var server = await TestServer.StartAsync(
            _pump,
            configure: builder =>
            {
                builder.Logging.AddProvider(seen);
                builder.Logging.SetMinimumLevel(LogLevel.Trace);
            },
            settings: [TokenMaker.Settings, TokenMaker.Required]);
        await using var control = await ControlPair.StartAsync(server.Port, "&token=" + new TokenMaker(TimeProvider.System).Make("control"));
        using var meters = seen.ListenToMeters();
        using var activities = seen.ListenToActivities();
        var writer = new TokenWriter(TokenKey.FromSecret(TokenAlgorithm.HS256, TokenMaker.Secret));
        var good = writer.Write(new TokenClaims { Subject = "ann", TokenId = "canary-id", ExpiresAt = DateTimeOffset.UtcNow.AddMinutes(5) });
        var canaries = good.Split('.').Append(good.Split('.')[1].ToUpperInvariant()).ToList();
        canaries.RemoveAt(0);
        foreach (var token in new[] { good, good + "x", canaries[0] + "." + canaries[1], "%00" + canaries[0], "canary canary" })
        {
            await TryAllAsync(server, seen, token);
        }

        seen.RecordMeters(meters);
        using var metrics = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { Authorization = new("Bearer", server.Services.AdminKey) } };
        using var page = await server.Http.SendAsync(metrics);
        seen.Add(await page.EnsureSuccessStatusCode().Content.ReadAsStringAsync());
        canaries.Add("canary canary");
        foreach (var canary in canaries)
        {
            Assert.DoesNotContain(seen.Lines, line => line.Contains(canary, StringComparison.Ordinal));
        }

        Assert.NotEmpty(seen.Lines);
        await control.ExpectUnharmedAsync();
    }

    private static async Task TryAllAsync(TestServer server, Seen seen, string token)
    {
        var query = Uri.EscapeDataString(token);
        foreach (var path in new[] { "/connect", "/ws/lobby", "/ws", "/ws/clients/ann", "/nowhere" })
        {
            seen.Add(await server.HandshakeAsync($"{path}?token={query}"));
            seen.Add(await server.HandshakeAsync($"{path}?ticket={query}"));
            seen.Add(await server.HandshakeAsync(path, ("Authorization", "Bearer " + token)));
            seen.Add(await server.HandshakeAsync(path, ("Sec-WebSocket-Protocol", "tidings.v1, bearer." + token)));
            seen.Add(await server.HandshakeAsync(path, ("Cookie", "session_id=" + token), ("Origin", $"http://127.0.0.1:{server.Port}")));
        }

        foreach (var path in new[] { "/connect", "/ws/lobby" })
        {
            await using var socket = await server.ConnectAsync(path);
            await socket.SendTextAsync($$"""{"type":"auth","token":"{{token}}"}""");
            await socket.SendTextAsync("""{"type":"quit"}""");
            while (await socket.TryReceiveAsync() is { } frame && frame.Opcode != RawFrame.CloseOpcode)
            {
                seen.Add(Encoding.UTF8.GetString(frame.Payload));
            }
        }

        foreach (var path in new[] { "/api/messages?token=" + query, "/connect?wait=0&token=" + query, "/api/history?channel=a&token=" + query, "/?token=" + query, "/metrics?token=" + query })
        {
            using var response = await server.Http.GetAsync(path);
            seen.Add(response.Headers + await response.Content.ReadAsStringAsync());
        }
    }

    private sealed class Seen : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = [];

        public IReadOnlyCollection<string> Lines => _lines;

        public void Add(string line) => _lines.Enqueue(line);

        public void Add(RawResponse response) => Add(string.Join('\n', response.Headers) + response.Body);

        public MeterListener ListenToMeters()
        {
            var listener = new MeterListener { InstrumentPublished = static (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument.Name + Text(tags)));
            listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument.Name + Text(tags)));
            listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument.Name + Text(tags)));
            listener.Start();
            return listener;
        }

        public void RecordMeters(MeterListener listener) => listener.RecordObservableInstruments();

        public ActivityListener ListenToActivities()
        {
            var listener = new ActivityListener
            {
                ShouldListenTo = static _ => true,
                Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = activity => Add(activity.DisplayName + string.Join(' ', activity.TagObjects.Select(static tag => $"{tag.Key}={tag.Value}"))),
            };
            ActivitySource.AddActivityListener(listener);
            return listener;
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Add($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }

        private static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var text = new StringBuilder();
            foreach (var tag in tags)
            {
                text.Append(' ').Append(tag.Key).Append('=').Append(tag.Value);
            }

            return text.ToString();
        }
    }
}
