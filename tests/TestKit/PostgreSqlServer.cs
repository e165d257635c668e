using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TestKit;

/// <summary>Debian's PostgreSQL in a private directory, on a free port of loopback, with fsync on. It can be killed and started again.</summary>
/// <remarks>It ends with the process that started it, however that ends. As root it runs as
/// <c>postgres</c>, as PostgreSQL demands.</remarks>
public sealed class PostgreSqlServer : IDisposable
{
    private const string Binaries = "/usr/lib/postgresql";

    private static readonly Lazy<PostgreSqlServer> s_shared = new(static () => new PostgreSqlServer());

    private readonly string _binaries;
    private readonly string _directory;
    private GuardedProgram? _program;
    private int _databases;

    public PostgreSqlServer()
        : this(static server =>
        {
            var (program, arguments) = server.AsServer("initdb", "-D", server.Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8");
            Run(program, [.. arguments]);
        })
    {
    }

    private PostgreSqlServer(Action<PostgreSqlServer> fill)
    {
        _binaries = Directory.Exists(Binaries)
            ? Directory.GetDirectories(Binaries).OrderDescending().Select(static version => Path.Combine(version, "bin")).First()
            : throw new InvalidOperationException("PostgreSQL is not installed: apt-get install postgresql (./test does).");
        _directory = Directory.CreateTempSubdirectory("tidings-postgresql-").FullName;
        Port = FreePort();
        if (Environment.UserName == "root")
        {
            Run("chown", "postgres:postgres", _directory);
        }

        fill(this);
        Start();
    }

    /// <summary>A replica of another one, which follows it.</summary>
    public static PostgreSqlServer ReplicaOf(PostgreSqlServer primary) => new(server =>
    {
        var (program, arguments) = server.AsServer(
            "pg_basebackup", "-h", "127.0.0.1", "-p", primary.Port.ToString(CultureInfo.InvariantCulture), "-U", "postgres", "-D", server.Data, "-R", "-X", "stream", "-c", "fast");
        Run(program, [.. arguments]);
    });

    /// <summary>The one of this test process.</summary>
    public static PostgreSqlServer Shared => s_shared.Value;

    public int Port { get; }

    /// <summary>The server's own process.</summary>
    public int ProcessId { get; private set; }

    private string Data => Path.Combine(_directory, "data");

    /// <summary>Makes an empty database, and says how to connect to it.</summary>
    public string CreateDatabase()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref _databases)}");
        Query("postgres", $"create database {name}");
        return ConnectionString(name);
    }

    public string ConnectionString(string database) =>
        string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database};Timeout=5;Command Timeout=20");

    /// <summary>Runs a statement by <c>psql</c>, which knows nothing of pools, and returns what it prints.</summary>
    public string Query(string database, string sql) =>
        Run(Path.Combine(_binaries, "psql"), "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", "postgres", "-d", database, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql).Trim();

    /// <summary>Kills the server and all its processes, as a machine that loses its memory but not its disk.</summary>
    public void Kill()
    {
        KillProcesses();
        _program!.Kill();
        _program = null;
    }

    private void KillProcesses()
    {
        var children = ChildrenOf(ProcessId);
        Signal(ProcessId);
        foreach (var child in children)
        {
            Signal(child);
        }
    }

    /// <summary>Starts it, after <see cref="Kill"/> with what it had on disk.</summary>
    public void Start()
    {
        var (program, arguments) = AsServer(
            "postgres", "-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={_directory}",
            "-c", "fsync=on", "-c", "max_connections=300", "-c", "shared_buffers=64MB", "-c", "log_min_messages=fatal");
        _program = new GuardedProgram(_directory, program, arguments);
        ProcessId = _program.ProcessId;
        var started = Stopwatch.StartNew();
        while (!IsReady())
        {
            // A process that the server made as it was killed has its memory a moment longer, and the next server ends at that.
            if (!Directory.Exists($"/proc/{ProcessId}") && started.Elapsed < TimeSpan.FromSeconds(30))
            {
                _program.Kill();
                _program = new GuardedProgram(_directory, program, arguments);
                ProcessId = _program.ProcessId;
            }

            if (started.Elapsed > TimeSpan.FromSeconds(60))
            {
                throw new ExpectationException($"PostgreSQL did not start:\n{_program.Log}");
            }

            Thread.Sleep(30);
        }
    }

    public void Dispose()
    {
        if (_program is not null)
        {
            KillProcesses();
            _program.Dispose();
            _program = null;
        }
    }

    private bool IsReady()
    {
        using var process = Process.Start(new ProcessStartInfo(
            Path.Combine(_binaries, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-d", "postgres", "-U", "postgres"]))!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private (string Program, string[] Arguments) AsServer(string program, params string[] arguments)
    {
        var path = Path.Combine(_binaries, program);
        return Environment.UserName == "root"
            ? ("/usr/bin/setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", path, .. arguments])
            : (path, arguments);
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new ExpectationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {error.GetAwaiter().GetResult()}");
    }

    private static List<int> ChildrenOf(int process)
    {
        var children = new List<int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), out var id) && ParentOf(id) == process)
            {
                children.Add(id);
            }
        }

        return children;
    }

    private static int ParentOf(int process)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(status[(status.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static void Signal(int process)
    {
        try
        {
            using var target = Process.GetProcessById(process);
            target.Kill();
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
