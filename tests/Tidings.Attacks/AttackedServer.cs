using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using TestKit;

namespace Tidings.Attacks;

/// <summary>The program <c>tidings</c> in a process of its own, with little memory.</summary>
internal sealed partial class AttackedServer : IAsyncDisposable
{
    // 120 MB, as in a small container.
    private const string HeapLimit = "0x7800000";

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private long _peak;

    private AttackedServer(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Target Target { get; private set; } = new(0);

    public bool IsAlive => !_process.HasExited;

    /// <summary>The most memory that it has held, in bytes.</summary>
    public long Peak
    {
        get
        {
            if (IsAlive)
            {
                _process.Refresh();
                _peak = Math.Max(_peak, _process.PeakWorkingSet64);
            }

            return _peak;
        }
    }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static async Task<AttackedServer> StartAsync(IEnumerable<(string Key, string Value)> settings)
    {
        var start = new ProcessStartInfo(PathOf("Tidings.Server", "tidings"), ["serve", "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        start.Environment["DOTNET_GCHeapHardLimit"] = HeapLimit;
        foreach (var (key, value) in settings.Concat(
            [
                ("Tidings:Jwt:Secret", Target.JwtSecret), ("Tidings:AdminKey", Target.AdminKey),
                ("Tidings:Channels:0:Pattern", "chat:*"), ("Tidings:Channels:0:Publish", "anyone"),
            ]))
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var server = new AttackedServer(Process.Start(start)!);
        await Eventually.TrueAsync(() => Address().IsMatch(server.Output), "The server says where it listens: " + server.Output, TimeSpan.FromMinutes(1));
        server.Target = new Target(int.Parse(Address().Match(server.Output).Groups[1].Value, CultureInfo.InvariantCulture));
        return server;
    }

    /// <summary>Where a program of this repository lies, built as this one is.</summary>
    public static string PathOf(string project, string program)
    {
        // artifacts/bin/<project>/<configuration>/
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(here.Parent!.Parent!.FullName, project, here.Name, program);
    }

    public async ValueTask DisposeAsync()
    {
        if (IsAlive)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:(\d+)")]
    private static partial Regex Address();

    private void Append(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
