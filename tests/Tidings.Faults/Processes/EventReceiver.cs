using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using TestKit;

namespace Tidings.Faults.Processes;

/// <summary>A back end that is told of events: a process that can be killed at any moment, on an address that it keeps. What it was told is in a file, which outlives it.</summary>
internal sealed class EventReceiver : IAsyncDisposable
{
    // A request is on disk before it is answered; one that was cut short by a kill is a line of its own.
    private const string Program = """
        import http.server, os, sys

        class Events(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                os.write(file, self.rfile.read(int(self.headers["Content-Length"])) + b"\n")
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        file = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(file, b"\n")
        http.server.ThreadingHTTPServer.allow_reuse_address = True
        http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Events).serve_forever()
        """;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly string _file = Path.Combine(Path.GetTempPath(), "tidings-events-" + Guid.NewGuid().ToString("N"));
    private readonly int _port;
    private ChildProcess? _process;
    private long _read;

    public EventReceiver()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        _port = ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public Uri Url => new($"http://127.0.0.1:{_port}/events");

    public async Task StartAsync()
    {
        var process = _process = await ChildProcess.StartAsync("/usr/bin/python3", ["-c", Program, _port.ToString(CultureInfo.InvariantCulture), _file]);
        await Eventually.TrueAsync(IsListeningAsync, () => $"the receiver listens; it said: {process.Output}", Longest);
    }

    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            await process.KillAsync();
            await process.DisposeAsync();
        }
    }

    /// <summary>Events that came since this was called last, in the order in which they came; some may come more than once.</summary>
    public IEnumerable<JsonElement> ReadNew()
    {
        using var file = new FileStream(_file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = _read;
        var bytes = new byte[file.Length - _read];
        file.ReadExactly(bytes);
        var whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        _read += whole;
        return EventsOf(bytes.AsMemory(0, whole));
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        File.Delete(_file);
    }

    private static IEnumerable<JsonElement> EventsOf(ReadOnlyMemory<byte> lines)
    {
        while (lines.Span.IndexOf((byte)'\n') is >= 0 and var end)
        {
            var line = lines[..end];
            lines = lines[(end + 1)..];
            foreach (var one in Parse(line) is { } request ? request.GetProperty("events").EnumerateArray() : default)
            {
                yield return one;
            }
        }
    }

    private static JsonElement? Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            return line.IsEmpty ? null : JsonElement.Parse(line.Span);
        }
        catch (JsonException)
        {
            // Killed before all of it was written, and so before it was answered: it is told again.
            return null;
        }
    }

    private async Task<bool> IsListeningAsync()
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, _port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
