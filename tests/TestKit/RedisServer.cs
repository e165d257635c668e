using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TestKit;

/// <summary>How a <see cref="RedisServer"/> keeps what it is told.</summary>
public enum RedisPersistence
{
    /// <summary>Not at all: it begins empty whenever it starts.</summary>
    None,

    /// <summary>By an append-only file that is written to disk every second.</summary>
    EverySecond,

    /// <summary>By an append-only file that is written to disk before each answer.</summary>
    Always,
}

/// <summary>A Redis server of its own for a test, in a private directory and on a free port of loopback, that can be killed and started again. It ends with the process that started it, however that ends.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private const string End = "-ERR unknown command 'end-of-the-answer'";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly RedisPersistence _persistence;
    private readonly string[] _settings;
    private readonly string _directory = Directory.CreateTempSubdirectory("tidings-redis-").FullName;
    private GuardedProgram? _program;

    private RedisServer(RedisPersistence persistence, string[] settings)
    {
        _persistence = persistence;
        _settings = settings;
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        Port = ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public int Port { get; }

    /// <summary>What clients connect to: <c>127.0.0.1:port</c>.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>The process, for signals; null while it is stopped.</summary>
    public int? ProcessId => _program?.ProcessId;

    /// <summary>Starts a server and waits until it answers.</summary>
    /// <param name="persistence">What it keeps over <see cref="Kill"/> and <see cref="StartAgainAsync"/>.</param>
    /// <param name="settings">Further settings as on its command line: <c>--maxmemory</c>, <c>10mb</c>.</param>
    public static async Task<RedisServer> StartAsync(RedisPersistence persistence = RedisPersistence.None, params string[] settings)
    {
        var server = new RedisServer(persistence, settings);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts the server on the port and with the files that it had.</summary>
    public async Task StartAgainAsync()
    {
        string[] arguments =
        [
            "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _directory, "--save", "",
            "--appendonly", _persistence == RedisPersistence.None ? "no" : "yes",
            "--appendfsync", _persistence == RedisPersistence.Always ? "always" : "everysec",
            .. _settings,
        ];
        _program = new GuardedProgram(_directory, "redis-server", arguments);
        await Eventually.TrueAsync(async () => await TryAsync("PING") is "+PONG", () => "Redis answers", Longest);
    }

    /// <summary>Ends the process as <c>kill -9</c> does.</summary>
    public void Kill()
    {
        _program?.Kill();
        _program = null;
    }

    /// <summary>Ends the process as <c>kill -9</c> does, and waits until its port is free.</summary>
    public async Task KillAsync()
    {
        Kill();
        await Eventually.TrueAsync(async () => await TryAsync("PING") is null, static () => "Redis is gone", Longest);
    }

    /// <summary>Has the process stand still, until <see cref="Continue"/>.</summary>
    public void Stop() => Signal("STOP");

    public void Continue() => Signal("CONT");

    /// <summary>Copies the files of a server that stands still.</summary>
    public FileCopy Copy() => new(_directory);

    /// <summary>Sends one command of words without spaces.</summary>
    /// <returns>The answer as it stands on the wire, without the last line break.</returns>
    public async Task<string> SendAsync(params string[] words)
    {
        using var limit = new CancellationTokenSource(Longest);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port, limit.Token);
        var stream = client.GetStream();

        // An answer of many lines has no end that one sees without reading it: another one follows that does, and needs no right. The server closes after QUIT, but not while a process
        // that it has forked has the connection, too.
        var command = string.Concat([$"*{words.Length}\r\n", .. words.Select(static word => $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n"), "*1\r\n$17\r\nend-of-the-answer\r\n", "*1\r\n$4\r\nQUIT\r\n"]);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(command), limit.Token);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var answer = new StringBuilder();
        var part = new char[4096];
        while (true)
        {
            var read = await reader.ReadAsync(part, limit.Token);
            if (read == 0)
            {
                throw new IOException("Redis has closed the connection.");
            }

            var from = Math.Max(0, answer.Length - End.Length);
            answer.Append(part.AsSpan(0, read));
            if (answer.ToString(from, answer.Length - from).IndexOf(End, StringComparison.Ordinal) is >= 0 and var at)
            {
                return answer.ToString(0, from + at).TrimEnd('\r', '\n');
            }
        }
    }

    /// <summary>The bulk string that a command answers with.</summary>
    public async Task<string> AskAsync(params string[] words)
    {
        var answer = await SendAsync(words);
        var line = answer.IndexOf("\r\n", StringComparison.Ordinal);
        return answer[0] == '$' && line > 0 ? answer[(line + 2)..] : answer.TrimStart('+', ':');
    }

    public ValueTask DisposeAsync()
    {
        if (_program is null)
        {
            Directory.Delete(_directory, recursive: true);
        }

        _program?.Dispose();
        _program = null;
        return ValueTask.CompletedTask;
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{ProcessId}"]);
        kill.WaitForExit();
    }

    private async Task<string?> TryAsync(string command)
    {
        try
        {
            return await SendAsync(command);
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            return null;
        }
    }
}
