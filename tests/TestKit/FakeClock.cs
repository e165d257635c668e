using System.Globalization;

namespace TestKit;

/// <summary>The wall clock of one process, set ahead or back while it runs, by libfaketime (Debian: <c>faketime</c>). Its time that nobody sets goes on evenly.</summary>
public sealed class FakeClock : IDisposable
{
    private const string Name = "libfaketimeMT.so.1";

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"tidings-clock-{Guid.NewGuid():n}");

    public FakeClock() => Set(TimeSpan.Zero);

    /// <summary>What the process has to be started with.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = Library(),
        ["FAKETIME_TIMESTAMP_FILE"] = _file,
        ["FAKETIME_CACHE_DURATION"] = "1",
        ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        ["DONT_FAKE_MONOTONIC"] = "1",
    };

    /// <summary>How far the clock is ahead of the machine's, or behind it where it is negative.</summary>
    public TimeSpan Offset { get; private set; }

    /// <summary>Sets the clock. The process looks once a second, and has it a moment later.</summary>
    public void Set(TimeSpan offset)
    {
        Offset = offset;
        File.WriteAllText(_file + ".new", string.Create(CultureInfo.InvariantCulture, $"{offset.TotalSeconds:+0;-0;+0}"));
        File.Move(_file + ".new", _file, overwrite: true);
    }

    public void Dispose() => File.Delete(_file);

    private static string Library() =>
        Directory.EnumerateDirectories("/usr/lib", "*-linux-*").Select(static directory => Path.Combine(directory, "faketime", Name)).FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException($"{Name} is missing; Debian has it in the package faketime.");
}
