using System.Diagnostics;
using System.Globalization;

namespace TestKit;

/// <summary>A server program that ends with the process that started it, however that process ends: a guard holds the other end of a pipe, kills the program
/// when the pipe breaks, and removes its directory.</summary>
internal sealed class GuardedProgram : IDisposable
{
    // "$0" is the directory, "$@" the program. The end of the input is the end of the program, and unless a word comes before it, of its files.
    private const string Guard = """
        "$@" </dev/null >>"$0/log" 2>&1 &
        echo $!
        read -r word
        kill -KILL $! 2>/dev/null
        wait $! 2>/dev/null
        [ "$word" = keep ] || rm -rf "$0"
        """;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly Process _guard;
    private readonly string _directory;

    /// <param name="directory">The program's own directory, which goes with it. Its output is added to the file <c>log</c> there.</param>
    /// <param name="program">A path, or a name in PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    public GuardedProgram(string directory, string program, IEnumerable<string> arguments)
    {
        _directory = directory;
        var start = new ProcessStartInfo("/bin/sh", ["-c", Guard, directory, program, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        _guard = Process.Start(start)!;
        ProcessId = int.Parse(_guard.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
    }

    /// <summary>The program's process, for signals.</summary>
    public int ProcessId { get; }

    /// <summary>What it has written so far.</summary>
    public string Log => File.ReadAllText(Path.Combine(_directory, "log"));

    /// <summary>Ends the program as <c>kill -9</c> does, and waits until it is gone. Its files stay, to be started with again.</summary>
    public void Kill()
    {
        _guard.StandardInput.WriteLine("keep");
        Dispose();
    }

    /// <summary>The same, and removes its files.</summary>
    public void Dispose()
    {
        _guard.StandardInput.Close();
        _guard.WaitForExit(Longest);
        _guard.Dispose();
    }
}
