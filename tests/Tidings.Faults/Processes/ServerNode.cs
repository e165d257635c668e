using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TestKit;

namespace Tidings.Faults.Processes;

/// <summary>One node: the program <c>tidings</c> as people start it, on an address that it keeps, with a link to Redis of its own.</summary>
internal sealed class ServerNode : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    // Answers say whole seconds, and what the second before them was.
    private static readonly TimeSpan LargestError = TimeSpan.FromSeconds(2.5);

    private readonly HttpClient _http;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly string? _prefix;
    private ChildProcess? _process;

    public ServerNode(string name, HttpClient http, RedisLink? link, string? prefix, IReadOnlyDictionary<string, string> environment, FakeClock? clock)
    {
        (Name, _http, Link, _prefix, Clock) = (name, http, link, prefix, clock);
        _environment = environment.Concat(clock?.Environment ?? new Dictionary<string, string>()).ToDictionary();
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        Address = new Uri($"http://127.0.0.1:{Port}");
    }

    public string Name { get; }
    public int Port { get; }
    public Uri Address { get; }

    /// <summary>What it reaches Redis through; null where it has a broker in memory.</summary>
    public RedisLink? Link { get; }

    /// <summary>Where it reaches a Redis Cluster, directly; null where it shares none.</summary>
    public string? Cluster { get; init; }

    /// <summary>What it reaches PostgreSQL through, where that keeps its logs.</summary>
    public DatabaseLink? Database { get; init; }

    /// <summary>Its clock, where it has one of its own.</summary>
    public FakeClock? Clock { get; }

    /// <summary>Where it keeps its logs; null where they end with it. Removed with the node.</summary>
    public string? DataDirectory { get; init; }

    public int? ProcessId => _process?.Id;

    /// <summary>The last that it said, of all its lives.</summary>
    public string Output { get; private set; } = "";

    public async Task StartAsync()
    {
        var program = Path.Combine(Programs.Artifacts, "Tidings.Server", Programs.Configuration, "tidings");
        List<string> arguments = ["serve", "--urls", Address.ToString(), "--limits", "none", "--heartbeat", "5s"];
        if (Link is not null)
        {
            arguments.AddRange(["--redis", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Link.Port}"), "--redis-prefix", _prefix!]);
        }

        if (Cluster is not null)
        {
            arguments.AddRange(["--redis", Cluster, "--redis-prefix", _prefix!]);
        }

        if (Database is not null)
        {
            arguments.AddRange(["--engine", "postgres", "--postgres", Database.ConnectionString]);
        }

        if (DataDirectory is not null)
        {
            arguments.AddRange(["--data", DataDirectory]);
        }

        var process = _process = await ChildProcess.StartAsync(program, arguments, _environment);
        await Eventually.TrueAsync(
            async () => process.HasExited ? throw new ExpectationException($"{Name} ended at its start: {process.Output}") : await AnswersAsync("/healthz"),
            () => $"{Name} answers; it said: {process.Output}", Longest);
    }

    /// <summary>Sets its clock, and waits until its answers say that it has been set.</summary>
    public async Task SetClockAsync(TimeSpan offset)
    {
        Clock!.Set(offset);
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await _http.GetAsync(new Uri(Address, "/healthz"));
                return answer.Headers.Date is { } date && (date - TimeProvider.System.GetUtcNow() - offset).Duration() <= LargestError;
            },
            () => $"{Name} has its clock set by {offset}", Longest);
    }

    public async Task KillAsync() => await EndAsync(static process => process.KillAsync());

    /// <summary>Asks it to go, as an upgrade does, and waits until it has drained.</summary>
    public async Task TerminateAsync() => await EndAsync(static process => process.TerminateAsync());

    public void Pause() => _process?.Pause();

    public void Continue() => _process?.Continue();

    public Task<bool> IsReadyAsync() => AnswersAsync("/readyz");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Clock?.Dispose();
        if (Link is not null)
        {
            await Link.DisposeAsync();
        }

        if (Database is not null)
        {
            await Database.DisposeAsync();
        }

        if (DataDirectory is not null && Directory.Exists(DataDirectory))
        {
            Directory.Delete(DataDirectory, recursive: true);
        }
    }

    private async Task EndAsync(Func<ChildProcess, Task> end)
    {
        if (_process is { } process)
        {
            await end(process);
            Output = process.Output;
            _process = null;
            await process.DisposeAsync();
        }
    }

    private async Task<bool> AnswersAsync(string path)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            using var answer = await _http.GetAsync(new Uri(Address, path), limit.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }
}
